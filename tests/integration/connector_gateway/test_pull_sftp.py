"""Asking a drop folder: the pinned key, files half written, and what becomes of taken ones."""

import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import asyncssh
import pytest

from connector_gateway.connectors.sftp import steps
from connector_gateway.domain.sources import Content, PullKind, Source, Step
from tests.support.builders_intake import a_workbook
from tests.support.gateway import Gateway
from tests.support.pulled import DropFolder, Pulled, digest, serving, some


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[DropFolder]:
    """Give a drop folder behind a real SSH server."""
    async with serving(PullKind.SFTP, tmp_path) as system:
        assert isinstance(system, DropFolder)
        yield system


@pytest.fixture
async def pulled(gateway: Gateway, folder: DropFolder) -> Pulled:
    """Give a connection that asks it."""
    pulled = Pulled(gateway, folder)
    pulled.permit()
    await gateway.open(pulled.code)
    assert (await pulled.configure()).status_code == 200
    return pulled


async def test_another_host_key_than_the_pinned_one_is_refused(
    pulled: Pulled, folder: DropFolder
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    await pulled.change(**folder.configuration(host_key=other))
    folder.offer("bao-cao", some(1)["bao-cao-1"])
    await pulled.turn()
    error = (await pulled.view())["last_error"]
    assert error["type"] == "/problems/pull-host-key-differs"
    assert "127.0.0.1" in error["detail"]
    assert pulled.taken == []


async def test_a_private_key_signs_in(pulled: Pulled, folder: DropFolder) -> None:
    await pulled.change(credential=folder.with_key)
    folder.offer("bao-cao", some(1)["bao-cao-1"])
    await pulled.turn()
    assert len(pulled.taken) == 1


async def test_a_file_that_grows_between_two_looks_is_left_until_it_rests(
    folder: DropFolder,
) -> None:
    whole = some(1)["bao-cao-1"]
    folder.offer("bao-cao", whole[:9])
    source = source_of(folder)
    found: list[Step] = []
    async with aclosing(steps(source)) as walk:
        async for step in walk:
            found.append(step)
            folder.offer("bao-cao", whole[: 9 + len(found)])
    assert len(found) == 2
    assert not [step for step in found if step.offered]
    folder.offer("bao-cao", whole)
    async with aclosing(steps(source)) as walk:
        offered = [step.offered async for step in walk if step.offered]
    assert offered == [Content(whole, "application/json")]


async def test_a_file_that_grew_since_the_first_look_is_not_read_at_the_second(
    folder: DropFolder,
) -> None:
    whole = some(1)["bao-cao-1"]
    folder.offer("bao-cao", whole[:9])
    found: list[Step] = []
    async with aclosing(steps(source_of(folder))) as walk:
        async for step in walk:
            found.append(step)
            if len(found) == 1:
                folder.offer("bao-cao", whole[:12])  # and not again: only the looks can tell
    assert len(found) == 2
    assert not [step for step in found if step.offered]


async def test_a_file_that_rested_and_grows_before_it_is_read_is_left_until_it_rests(
    folder: DropFolder,
) -> None:
    first, second = some(2).values()
    folder.offer("mot", first)
    folder.offer("hai", second)
    offered: list[object] = []
    async with aclosing(steps(source_of(folder))) as walk:
        async for step in walk:
            if step.offered:
                offered.append(step.offered)
                folder.offer("hai", second[:-1])  # both looks are over: only the reading can tell
    assert offered == [Content(first, "application/json")]


def source_of(folder: DropFolder) -> Source:
    """Return the folder as it is asked."""
    permitted = frozenset({f"127.0.0.1:{folder.port}"})
    return Source(folder.configuration()["sftp"], permitted, folder.credential())


async def test_a_file_that_was_only_touched_is_not_taken_again(
    pulled: Pulled, folder: DropFolder
) -> None:
    for _ in range(2):
        folder.offer("bao-cao", some(1)["bao-cao-1"])
        await pulled.turn()
    assert len(pulled.taken) == 1


async def test_the_oldest_file_is_taken_first_and_the_kind_is_told_by_its_name(
    pulled: Pulled, folder: DropFolder
) -> None:
    folder.offer("z.csv", b"a;b\n1;2\n")
    folder.offer("a.xlsx", a_workbook({"07201": [["row", "c2"], ["1", 120]]}))
    folder.offer("m.json", some(1)["bao-cao-1"])
    folder.offer("ghi-chu.txt", b"khong phai so lieu")
    await pulled.turn()
    found = pulled.gateway.rows("SELECT content_type FROM receipts ORDER BY ledger_index")
    kinds = [kind for (kind,) in found]
    assert [kind[-4:] for kind in kinds] == ["/csv", "heet", "json"]
    [problem] = (await pulled.view())["problems"]
    assert (problem["name"], problem["said"]["type"]) == (
        "ghi-chu.txt",
        "/problems/delivery-media-type",
    )


async def test_what_the_glob_does_not_name_is_not_looked_at_nor_links_nor_hidden_files(
    pulled: Pulled, folder: DropFolder
) -> None:
    await pulled.change(**folder.configuration(glob="bc-*.json"))
    for name in ("bc-1", "khac", ".bc-2.json"):
        folder.offer(name, some(1)["bao-cao-1"])
    (folder.root / "bi-mat").write_bytes(some(2)["bao-cao-2"])
    folder.path("bc-3").symlink_to(folder.root / "bi-mat")
    await pulled.turn()
    assert pulled.taken == [digest(some(1)["bao-cao-1"])]
    assert [mark["name"] for mark in (await pulled.view())["checkpoint"]] == ["bc-1.json"]


async def test_a_taken_file_is_moved_where_that_is_wanted_and_writes_nothing_over(
    pulled: Pulled, folder: DropFolder
) -> None:
    await pulled.change(**folder.configuration(after="move", done_folder="/xong"))
    first, second = some(2).values()
    for body in (first, second):
        folder.offer("bao-cao", body)
        await pulled.turn()
    folder.offer("hong", b"{")
    await pulled.turn()
    done = sorted((folder.root / "xong").iterdir(), key=lambda path: len(path.name))
    assert [path.read_bytes() for path in done] == [first, second]
    assert [path.name for path in (folder.root / "vao").iterdir()] == ["hong.json"]
    assert pulled.taken == [digest(first), digest(second)]


async def test_a_file_that_cannot_be_moved_is_told_and_not_taken_twice(
    pulled: Pulled, folder: DropFolder
) -> None:
    await pulled.change(**folder.configuration(after="move", done_folder="/khong-co"))
    for name, body in some(2).items():
        folder.offer(name, body)
    for _ in range(2):
        await pulled.turn()
        assert "bao-cao-1" in (await pulled.view())["last_error"]["detail"]
    assert len(pulled.taken) == 2
    os.mkdir(folder.root / "khong-co")
    await pulled.turn()
    assert len(list((folder.root / "khong-co").iterdir())) == 2
    assert (await pulled.view())["failures"] == 0
    assert len(pulled.taken) == 2
