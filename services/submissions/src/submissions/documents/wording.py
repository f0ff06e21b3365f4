"""Puts the facts of a document into Vietnamese words, numbers and dates as documents write them."""

import tomllib
import unicodedata
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from contracts.forms import Attribute, ColumnKind
from contracts.periods import Frequency, Period
from submissions.documents.paper import HeaderCell, Letter, Line, Paper, Table

QUARTERS = {3: "I", 6: "II", 9: "III", 12: "IV"}
SMALL_WORDS = frozenset({"va", "cac", "cua"})


@cache
def wording() -> dict[str, Any]:
    """Return the sentences of ``wording.toml``."""
    source = resources.files("submissions.documents").joinpath("resources/wording.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def letter_of(paper: Paper) -> Letter:
    """Return the document in words (NĐ 30/2020, Phụ lục I)."""
    says = wording()
    symbol = says["symbol"].format(initials=initials_of(paper.agency))
    facts = {
        "agency": paper.agency,
        "number": paper.number,
        "symbol": symbol,
        "regime": paper.regime,
        "period": period_words(paper.period),
        "recipient": paper.recipient,
        "date": long_date(paper.issued_on),
        "place": paper.place,
        **date_parts(paper.issued_on),
    }
    table = table_of(paper)
    measures = sorted({row.unit for row in paper.form.rows})
    return Letter(
        superior=paper.superior.upper(),
        agency=paper.agency.upper(),
        country=says["country"],
        motto=says["motto"],
        number=says["number"].format_map(facts),
        dateline=says["dateline"].format_map(facts),
        kind=says["kind"],
        subject=says["subject"].format_map(facts),
        dear=says["dear"].format_map(facts),
        paragraphs=_paragraphs(paper, facts),
        copies_title=says["copies_title"],
        copies=says["copies"],
        signer=says["signer"],
        appendix=says["appendix"],
        appendix_title=says["subject"].format_map(facts),
        appendix_note=says["appendix_note"].format_map(facts),
        measure="" if table.has_units else says["measure"].format(unit=measures[0]),
        legend=says["legend"],
        table=table,
        file_name=f"{paper.form.code}-{paper.period}",
    )


def _paragraphs(paper: Paper, facts: dict[str, Any]) -> list[str]:
    says = wording()["paragraphs"]
    legal = {**facts, "legal_basis": paper.legal_basis, "cut_off": short_date(paper.cut_off_on)}
    sent = {"accepted": paper.accepted, "expected": paper.expected}
    text = [says["opening"].format_map(legal), says["sent"].format_map(sent)]
    if paper.missing:
        names = "; ".join(paper.missing)
        text.append(says["missing"].format(count=len(paper.missing), names=names))
    else:
        text.append(says["nobody_missing"])
    if paper.excluded:
        each = (says["excluded_one"].format(name=n, reason=r) for n, r in paper.excluded)
        text.append(says["excluded"].format(count=len(paper.excluded), names="; ".join(each)))
    return [*text, says["figures"], says["closing"].format_map(facts)]


def table_of(paper: Paper) -> Table:
    """Lay the totals out as the form does: nested headers, a line a row."""
    form = paper.form
    has_units = len({row.unit for row in form.rows}) > 1
    leading = [wording()["table"]["number"], wording()["table"]["name"]]
    if has_units:
        leading.append(wording()["table"]["unit"])
    paths = [[text] for text in leading] + [
        [*column.headings, column.name] for column in form.columns
    ]
    depth = max(len(path) for path in paths)
    return Table(
        header=_header(paths, depth),
        depth=depth,
        numbering=["A", "B", "C"][: len(leading)]
        + [f"({at})" for at in range(1, len(form.columns) + 1)],
        lines=[
            Line(
                number="" if row.sum_of else str(at),
                name=row.name,
                unit=row.unit,
                figures=[_figure(paper, row.code, column) for column in form.columns],
                is_total=bool(row.sum_of),
            )
            for at, row in enumerate(form.rows, start=1)
        ],
        is_text=[column.kind is ColumnKind.TEXT for column in form.columns],
        has_units=has_units,
    )


def _figure(paper: Paper, row: str, column: Attribute) -> str:
    said = paper.totals.get(f"{row}:{column.code}", "")
    if column.kind is ColumnKind.TEXT or said in {"", "-", "x"}:
        return said
    return written(said)


def _header(paths: list[list[str]], depth: int) -> list[HeaderCell]:
    cells: list[HeaderCell] = []

    def lay(first: int, last: int, level: int) -> None:
        at = first
        while at < last:
            path = paths[at]
            end = at + 1
            if len(path) == level + 1:
                cells.append(HeaderCell(level, at, depth - level, 1, path[level]))
            else:
                while end < last and _is_under(paths[end], path, level):
                    end += 1
                cells.append(HeaderCell(level, at, 1, end - at, path[level]))
                lay(at, end, level + 1)
            at = end

    lay(0, len(paths), 0)
    return cells


def _is_under(path: list[str], first: list[str], level: int) -> bool:
    return len(path) > level + 1 and path[: level + 1] == first[: level + 1]


def written(figure: str) -> str:
    """Return a decimal as Vietnamese documents write it.

    >>> written("-1234567.50")
    '-1.234.567,50'
    """
    whole, _, part = figure.partition(".")
    grouped = f"{Decimal(whole):,f}".replace(",", ".")
    if whole == "-0":
        grouped = "-0"
    return f"{grouped},{part}" if part else grouped


def period_words(code: str) -> str:
    """Return a period in words.

    >>> period_words("2026-H1")
    '6 tháng đầu năm 2026'
    """
    says = wording()["periods"]
    try:
        period = Period.parse(code)
    except ValueError:
        return str(says["AD_HOC"].format(code=code))
    match period.frequency:
        case Frequency.HALF_YEARLY:
            words = says["FIRST_HALF" if period.last_month == 6 else "SECOND_HALF"]
        case frequency:
            words = says[frequency.value]
    return str(
        words.format(
            year=period.year,
            month=period.last_month,
            quarter=QUARTERS.get(period.last_month, ""),
        )
    )


def date_parts(day: date) -> dict[str, str]:
    """Return day, month and year: days below 10 and months 1 and 2 with a leading zero."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return {"day": f"{day.day:02}", "month": month, "year": str(day.year)}


def long_date(day: date) -> str:
    """Return ``ngày 05 tháng 02 năm 2026``."""
    return str(wording()["dateline"].format(place="", **date_parts(day))).removeprefix(", ")


def short_date(day: date) -> str:
    """Return ``14/06/2026``."""
    return f"{day:%d/%m/%Y}"


def initials_of(name: str) -> str:
    """Return the letters that stand for an agency in a document's symbol.

    >>> initials_of("Sở Thông tin và Truyền thông")
    'STTTT'
    """
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    words = (word for word in bare.replace("-", " ").split() if word.lower() not in SMALL_WORDS)
    return "".join(word if word.isupper() else word[0].upper() for word in words)


def legal_basis_words(number: str, issued_on: date, issuer: str) -> str:
    """Return how a legal basis is cited."""
    return str(
        wording()["legal_basis"].format(number=number, date=long_date(issued_on), issuer=issuer)
    )


def superior_of(parent: str) -> str:
    """Return the superior of an agency that stands below the people's committee of ``parent``."""
    return str(wording()["superior"].format(parent=parent))


def place_of(parent: str) -> str:
    """Return where a document is made out: the name of the area without its kind.

    >>> place_of("Tỉnh Bắc Giang")
    'Bắc Giang'
    """
    for kind in wording()["kinds"]:
        if parent.lower().startswith(f"{kind} "):
            return parent[len(kind) + 1 :]
    return parent
