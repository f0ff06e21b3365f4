"""The command that checks an export away from the hub: what it says, and its exit status."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from chassis.clock import ZONE
from connector_gateway.commands.keys import SigningKey
from connector_gateway.domain.ledger import Head, Kind, canonical, extend, root_of
from connector_gateway.domain.roots import digest_of
from connector_gateway.verify_ledger.__main__ import main

DAY = date(2026, 6, 15)
MORNING = datetime(2026, 6, 15, 8, 0, tzinfo=ZONE)
NO_END = (
    "Bản xuất không kết thúc bằng đúng một dòng kết thúc: "
    "tệp bị cắt, bị nối thêm hoặc tải chưa xong."
)
Said = Callable[[], str]


def a_key() -> SigningKey:
    """Return a new signing key."""
    key = OKPKey.generate_key("Ed25519")
    return SigningKey(key, key.thumbprint())


KEY = a_key()


def an_export(key: SigningKey = KEY, *, entries: int = 3) -> list[dict[str, object]]:
    """Return the lines of an export of one chain with one signed root."""
    head = Head()
    lines: list[dict[str, object]] = []
    for number in range(entries):
        at = MORNING + timedelta(minutes=number)
        link = extend(head, "qg-tthc", Kind.DELIVERY_RECEIVED, {"size": number}, at=at)
        head = link.head
        lines.append(
            {
                "line": "entry",
                "chain": link.chain,
                "index": link.index,
                "at": link.at.isoformat(),
                "entry": link.entry,
                "hash": link.hash.hex(),
            }
        )
    statement, root = root_of(DAY, [("qg-tthc", head)])
    seal = {"kid": key.kid, "signature": key.sign(root).hex(), "root": root.hex()}
    lines.append({"line": "root", "day": str(DAY), "statement": statement, **seal})
    lines.append({"line": "key", "kid": key.kid, "kty": "OKP", "crv": "Ed25519", "x": key.public.x})
    end = canonical(
        {
            "export": 1,
            "from": None,
            "to": None,
            "exported_at": "2026-06-16T08:00:00+07:00",
            "opening": None,
            "until": "2026-06-16T07:59:00+07:00",
            "entries": entries,
            "roots": 1,
            "heads": {"qg-tthc": [head.index, head.hash.hex()]},
        }
    )
    signature = key.sign(digest_of(end)).hex()
    lines.append({"line": "end", "statement": end, "kid": key.kid, "signature": signature})
    return lines


def write(folder: Path, lines: list[dict[str, object]]) -> str:
    """Write an export and return its name."""
    file = folder / "export.jsonl"
    file.write_bytes(b"".join(canonical(line).encode() + b"\n" for line in lines))
    return str(file)


def public_files(folder: Path, key: SigningKey = KEY) -> tuple[str, str]:
    """Write the public roots of an export by ``key``, and the public key in use."""
    roots, keys = folder / "roots.json", folder / "jwks.json"
    root = next(line for line in an_export(key) if line["line"] == "root")
    said = {name: root[name] for name in ("day", "root", "kid", "signature")}
    roots.write_text(json.dumps({"items": [said]}))
    keys.write_text(json.dumps({"keys": [key.public.model_dump()]}))
    return str(roots), str(keys)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Give what the command printed."""
    return lambda: "".join(capsys.readouterr())


def test_an_export_that_holds_is_said_to_hold_and_what_it_was_not_held_against(
    tmp_path: Path, said: Said
) -> None:
    assert main([write(tmp_path, an_export())]) == 0
    assert said().splitlines() == [
        "Chuỗi qg-tthc: đúng, 3 mục.",
        f"Khóa {KEY.kid} lấy trong chính bản xuất: hãy đối chiếu với khóa hệ thống đã công bố, "
        "hoặc dùng --keys.",
        "Chưa đối chiếu với mã gốc đã công khai; dùng --roots để đối chiếu.",
        "Sổ cái ĐÚNG: 3 mục của 1 chuỗi, 1 mã gốc đã ký, đủ đến 2026-06-16 07:59:00+07:00.",
    ]


def test_held_against_public_roots_and_keys_nothing_is_left_to_warn_of(
    tmp_path: Path, said: Said
) -> None:
    roots, keys = public_files(tmp_path)
    assert main(["--roots", roots, "--keys", keys, write(tmp_path, an_export())]) == 0
    assert len(said().splitlines()) == 2


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        pytest.param(
            [an_export()[0], *an_export()[2:]],
            "Chuỗi qg-tthc, mục 2: bị thiếu hoặc không đứng đúng thứ tự.",
            id="a row dropped",
        ),
        pytest.param(
            an_export()[:2] + an_export()[3:],
            "Chuỗi qg-tthc, mục 3: chuỗi bị cắt từ mục này; mã gốc đã ký chứng tỏ còn mục sau.",
            id="a chain cut",
        ),
        pytest.param(
            an_export()[3:],
            "Chuỗi qg-tthc, mục 1: thiếu cả chuỗi; mã gốc đã ký chứng tỏ chuỗi có thật.",
            id="a chain absent",
        ),
        pytest.param(
            [{**an_export()[0], "hash": "0" * 64}, *an_export()[1:]],
            "Chuỗi qg-tthc, mục 1: nội dung, thời điểm hoặc mã băm đã bị thay đổi.",
            id="a hash",
        ),
        pytest.param(
            [*an_export()[:3], {**an_export()[3], "root": "0" * 64}, *an_export()[4:]],
            "Mã gốc ngày 2026-06-15: nội dung không khớp với mã gốc.",
            id="a root",
        ),
        pytest.param(
            an_export()[:-1],
            NO_END,
            id="no end",
        ),
        pytest.param(
            [*an_export(), an_export()[-1]],
            NO_END,
            id="two ends",
        ),
        pytest.param(
            [{"line": "entry", "chain": "qg-tthc"}, *an_export()],
            "Dòng 1 của tệp không đọc được.",
            id="a line that is none",
        ),
    ],
)
def test_each_fault_is_named_in_a_sentence_and_ends_with_1(
    tmp_path: Path, said: Said, lines: list[dict[str, object]], sentence: str
) -> None:
    assert main([write(tmp_path, lines)]) == 1
    told = said()
    assert sentence in told.splitlines()
    assert "Sổ cái KHÔNG ĐÚNG" in told
    assert "ĐÚNG: " not in told.replace("KHÔNG ĐÚNG: ", "")


def test_an_export_of_somebody_else_fails_by_the_key_and_by_the_public_root(
    tmp_path: Path, said: Said
) -> None:
    export = write(tmp_path, an_export(a_key()))
    roots, keys = public_files(tmp_path)
    assert main([export]) == 0
    said()
    assert main([export, "--keys", keys]) == 1
    assert "Dòng kết thúc: không có khóa đã ký." in said()
    assert main([export, "--roots", roots]) == 1
    assert "Mã gốc ngày 2026-06-15: không có khóa đã ký." in said()


def test_a_public_root_that_differs_is_named(tmp_path: Path, said: Said) -> None:
    roots, _ = public_files(tmp_path)
    assert main([write(tmp_path, an_export(entries=2)), "--roots", roots]) == 1
    assert "khác với mã gốc đã công khai" in said()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], "Cách dùng: ", id="nothing"),
        pytest.param(["a", "b"], "Cách dùng: ", id="two exports"),
        pytest.param(["--root", "x", "a"], "Không đọc được tệp x.", id="an abbreviation"),
        pytest.param(["--other", "a"], "Cách dùng: ", id="an unknown option"),
        pytest.param(["/khong-co.jsonl"], "Không đọc được tệp /khong-co.jsonl.", id="no file"),
    ],
)
def test_what_cannot_be_read_is_said_and_ends_with_1(
    said: Said, arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 1
    assert sentence in said()


@pytest.mark.parametrize(
    ("option", "content", "sentence"),
    [
        ("--roots", "[]", "Tệp mã gốc {file} không đúng dạng."),
        ("--keys", '{"keys": [{"kid": "a", "x": "b"}]}', "Tệp khóa công khai {file} không đúng"),
        ("--keys", "không phải JSON", "Tệp khóa công khai {file} không đúng dạng."),
    ],
)
def test_a_file_of_another_kind_is_named(
    tmp_path: Path, said: Said, option: str, content: str, sentence: str
) -> None:
    file = tmp_path / "khac.json"
    file.write_text(content, encoding="utf-8")
    assert main([write(tmp_path, an_export()), option, str(file)]) == 1
    assert sentence.format(file=file) in said()
