"""The door for code maps: what the codes of another system mean here (Điều 3.3, 3.5)."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import Place
from chassis.http import Body
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import Operator, OwnSystemOrReader, person
from connector_gateway.api.intake import read_sample
from connector_gateway.commands import code_maps as commands
from connector_gateway.commands.admissions import admit
from connector_gateway.domain.code_maps import (
    CodeKind,
    CodeMap,
    Codes,
    named_in_json,
    named_in_table,
    read,
)
from connector_gateway.domain.contents import CSV, DECODER, JSON, unpack
from connector_gateway.errors.code_maps import CodeMapInvalid, CodeMapUnknown
from connector_gateway.errors.deliveries import MediaTypeUnknown
from connector_gateway.queries import View
from connector_gateway.queries import code_maps as queries
from connector_gateway.queries.code_maps import CodeMapView
from contracts.identifiers import RegimeCode, StatisticsCode
from contracts.text import Text

router = APIRouter(tags=["code maps"])

CodeText = Annotated[Text, StringConstraints(min_length=1, max_length=60)]
"""A code in the words of the other system, or of a form."""
OURS: dict[CodeKind, TypeAdapter[str]] = {
    CodeKind.REGIME: TypeAdapter(RegimeCode),
    CodeKind.AGENCY: TypeAdapter(StatisticsCode),
    CodeKind.ROW: TypeAdapter(CodeText),
    CodeKind.COLUMN: TypeAdapter(CodeText),
}
"""How our codes look; an agency may be named by either of its codes."""
THEIRS: TypeAdapter[str] = TypeAdapter(CodeText)
OF_A_REGIME = frozenset({CodeKind.ROW, CodeKind.COLUMN})
COLUMNS = ("kind", "regime", "theirs", "ours")


class CodeMapBody(Body):
    """Their codes → ours; rows and columns below our code of the regime."""

    regimes: dict[CodeText, RegimeCode] = Field(default_factory=dict)
    agencies: dict[CodeText, StatisticsCode] = Field(default_factory=dict)
    rows: dict[RegimeCode, dict[CodeText, CodeText]] = Field(default_factory=dict)
    columns: dict[RegimeCode, dict[CodeText, CodeText]] = Field(default_factory=dict)


class MappedView(View):
    """A code that the map has."""

    kind: CodeKind
    regime: str
    theirs: str
    ours: str
    pointer: str


class UnmappedView(View):
    """A code that the map does not have.

    It is taken as it is where it is the hub's own; otherwise it is refused, as `code-not-mapped`
    where the map has codes of its kind.
    """

    kind: CodeKind
    regime: str
    code: str
    pointer: str


class TriedView(View):
    """What a version of the map would make of the codes of a delivery, each named once."""

    connection: str
    version: int
    mapped: list[MappedView]
    unmapped: list[UnmappedView]


def _takes(*shapes: dict[str, Any]) -> dict[str, Any]:
    contents = dict(zip((JSON, CSV), [{"schema": shape} for shape in shapes], strict=True))
    return {"requestBody": {"required": True, "content": contents}}


@router.put(
    "/connections/{code}/code-map",
    openapi_extra=_takes(CodeMapBody.model_json_schema(), {"type": "string"}),
)
async def publish_code_map(
    code: CodeInPath, request: Request, session: Transaction, who: Operator, now: Now
) -> CodeMapView:
    """Publish what the codes of a connection's system mean: a new version, at most 5,000 codes.

    As JSON, or as CSV with the columns kind,regime,theirs,ours (kind: regime, agency, row, column;
    regime only for rows and columns, and ours). Replaces the whole map for deliveries from now on;
    the same codes again are no new version. 404 `connection-unknown`; 409 `direction-not-offered`;
    413 `code-map-too-large`; 415; 422 `code-map-invalid` with every bad line.
    """
    sample = await read_sample(request)
    content = unpack(sample.body, sample.content_encoding)
    match sample.content_type:
        case "application/json":
            codes = _codes_of_json(content)
        case "text/csv":
            codes = _codes_of_table(content)
        case _:
            raise MediaTypeUnknown
    made = await commands.publish_code_map(session, code, codes, person(who), now=now)
    return _view(code, made)


@router.get("/connections/{code}/code-map")
async def show_code_map(
    code: CodeInPath,
    session: Transaction,
    who: OwnSystemOrReader,
    now: Now,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> CodeMapView:
    """Return a version of the code map of a connection, the newest unless one is named.

    404 `code-map-unknown`.
    """
    if who.kind == "system":
        await admit(session, who, code, now=now)
    return _view(code, await _found(session, code, version))


@router.post(
    "/connections/{code}/code-map/test",
    openapi_extra=_takes({"type": "object"}, {"type": "string"}),
)
async def try_code_map(
    code: CodeInPath, request: Request, session: Transaction, who: OwnSystemOrReader, now: Now
) -> TriedView:
    """Say which codes of a sample delivery (JSON or CSV) the newest map has, and which not.

    Nothing is kept. 404 `code-map-unknown`; 400, 413, 415, 422 as for a push.
    """
    if who.kind == "system":
        await admit(session, who, code, now=now)
    sample = await read_sample(request)
    content = unpack(sample.body, sample.content_encoding)
    found = await _found(session, code, None)
    match sample.content_type:
        case "application/json":
            named = named_in_json(DECODER.decode(content))
        case "text/csv":
            named = named_in_table(_lines_of(content))
        case _:
            raise MediaTypeUnknown
    readings = read(Codes(**found.codes), named)
    return TriedView(
        connection=code,
        version=found.version,
        mapped=[
            MappedView(
                kind=one.named.kind,
                regime=one.regime,
                theirs=one.named.code,
                ours=one.ours,
                pointer=one.named.pointer,
            )
            for one in readings
            if one.ours is not None
        ],
        unmapped=[
            UnmappedView(
                kind=one.named.kind,
                regime=one.regime,
                code=one.named.code,
                pointer=one.named.pointer,
            )
            for one in readings
            if one.ours is None
        ],
    )


async def _found(session: Transaction, code: str, version: int | None) -> CodeMap:
    found = await queries.code_map(session, code, version)
    if found is None:
        raise CodeMapUnknown(connection=code, version=version or 1)
    return found


def _view(code: str, made: CodeMap) -> CodeMapView:
    return CodeMapView(
        connection=code,
        version=made.version,
        published_by=made.published_by_name,
        published_at=made.published_at,
        **made.codes,
    )


def _codes_of_json(content: bytes) -> Codes:
    try:
        body = CodeMapBody.model_validate_json(content)
    except ValidationError as why:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in why.errors()]
        raise RequestValidationError(errors) from why
    return Codes(**body.model_dump())


def _codes_of_table(content: bytes) -> Codes:
    """Read every line; raises ``CodeMapInvalid`` naming all that say no code."""
    lines = _lines_of(content)
    header = [name.strip().lower() for name in next(lines, [])]
    if sorted(header) != sorted(COLUMNS):
        raise CodeMapInvalid(errors=[Place("/lines/1", "invalid-value")])
    codes: dict[CodeKind, dict[str, dict[str, str]]] = {
        kind: defaultdict(dict) for kind in CodeKind
    }
    said: dict[tuple[str, ...], str] = {}
    wrong: list[Place] = []
    for at, line in enumerate(lines, start=2):
        if not any(line):
            continue
        pointer = f"/lines/{at}"
        cells = dict(zip(header, map(str.strip, line), strict=False))
        bad = list(_wrong_in(cells, pointer))
        key = (cells.get("kind", ""), cells.get("regime", ""), cells.get("theirs", ""))
        if not bad and said.setdefault(key, pointer) != pointer:
            bad = [Place(f"{pointer}/theirs", "code-said-twice", params={"other": said[key]})]
        wrong += bad
        if not bad:
            of_kind = codes[CodeKind(cells["kind"])][cells["regime"]]
            of_kind[THEIRS.validate_python(cells["theirs"])] = cells["ours"]
    if wrong:
        raise CodeMapInvalid(errors=wrong)
    return Codes(
        regimes=codes[CodeKind.REGIME].get("", {}),
        agencies=codes[CodeKind.AGENCY].get("", {}),
        rows=dict(codes[CodeKind.ROW]),
        columns=dict(codes[CodeKind.COLUMN]),
    )


def _wrong_in(cells: dict[str, str], pointer: str) -> Iterator[Place]:
    if cells.keys() != set(COLUMNS):
        yield Place(pointer, "invalid-value")
        return
    if cells["kind"] not in set(CodeKind):
        yield Place(f"{pointer}/kind", "invalid-value")
        return
    kind = CodeKind(cells["kind"])
    belongs = OURS[CodeKind.REGIME] if kind in OF_A_REGIME else None
    if (belongs is None and cells["regime"]) or (belongs and not _is(belongs, cells["regime"])):
        yield Place(f"{pointer}/regime", "invalid-value")
    for name, shape in (("theirs", THEIRS), ("ours", OURS[kind])):
        if not _is(shape, cells[name]):
            yield Place(f"{pointer}/{name}", "invalid-value")


def _is(shape: TypeAdapter[str], text: str) -> bool:
    try:
        shape.validate_python(text)
    except ValidationError:
        return False
    return True


def _lines_of(content: bytes) -> Iterator[Sequence[str]]:
    """Read a table as Excel saves it, comma or semicolon between the cells."""
    text = content.decode("utf-8-sig")
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as why:
        raise CodeMapInvalid(errors=[Place("", "invalid-value")]) from why
