"""HTTP in: regimes, designations, the calendar."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from catalog import commands, queries
from catalog.domain.regimes import Regime, Scope
from catalog.errors import CalendarNotFound, RegimeNotFound
from catalog.queries import CalendarView, RegimeLine, RegimeView
from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.catalog.v1 import ContentForm, LegalBasis, RegimeKind
from contracts.forms import Attribute, ColumnKind, Form, Indicator, Operator, Severity
from contracts.forms import Rule as FormRule
from contracts.identifiers import RegimeCode, StatisticsCode
from contracts.periods import CutOffRule, Frequency
from contracts.text import Text

router = APIRouter(tags=["catalog"])
Anyone = Annotated[Principal, Depends(allow())]
ByOperator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Name = Annotated[Text, Field(min_length=1, max_length=500)]
Code = Annotated[str, Field(pattern=r"^[\w.]{1,40}$")]


class RowBody(Body):
    """An indicator (chỉ tiêu): concept, method and unit are mandatory (Điều 3.3)."""

    code: Code
    name: Name
    unit: Text
    concept: Text
    method: Text
    parent: Code | None = None
    sum_of: list[Code] = Field(default_factory=list)


class ColumnBody(Body):
    """An attribute (thuộc tính); a column with a formula is never typed."""

    code: Code
    name: Name
    headings: list[Text] = Field(default_factory=list)
    kind: ColumnKind = ColumnKind.NUMBER
    decimals: int = Field(default=0, ge=0, le=10)
    minimum: Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")] | None = None
    formula: Annotated[Text, Field(max_length=500)] | None = None
    over_units: Operator = Operator.SUM


class RuleBody(Body):
    """A check of every filled row."""

    code: Code
    severity: Severity
    expression: Annotated[Text, Field(max_length=500)]
    message: Name


class FormBody(Body):
    """A form (biểu mẫu) of at most 2,000 rows and 200 columns."""

    code: RegimeCode
    rows: Annotated[list[RowBody], Field(max_length=2000)]
    columns: Annotated[list[ColumnBody], Field(max_length=200)]
    rules: list[RuleBody] = Field(default_factory=list)
    outline: list[Name] = Field(default_factory=list)

    def form(self) -> Form:
        """Return the first version of the form."""
        return Form(
            code=self.code,
            version=1,
            rows=[Indicator(**row.model_dump()) for row in self.rows],
            columns=[Attribute(**column.model_dump()) for column in self.columns],
            rules=[FormRule(**rule.model_dump()) for rule in self.rules],
            outline=self.outline,
        )


class RegimeBody(Body):
    """A regime as it is drafted."""

    code: RegimeCode
    name: Name
    kind: RegimeKind
    content_form: ContentForm
    frequency: Frequency
    cut_off_rule: CutOffRule
    due_working_days: int = Field(default=2, ge=1, le=60)
    recipient: Name
    scope: Scope = Scope.ADMINISTRATIVE
    form: FormBody


class LegalBasisBody(Body):
    """The decision on which the step rests (Điều 5.1)."""

    number: Name
    issued_on: date
    issuer: Name

    def word(self) -> LegalBasis:
        """Return it as the other services read it."""
        return LegalBasis(**self.model_dump())


class InForce(Body):
    """From which day a regime is in force, and on which decision."""

    legal_basis: LegalBasisBody
    in_force_from: date


class DesignationBody(Body):
    """Which agency leads a regime, and on which decision."""

    agency: StatisticsCode
    legal_basis: LegalBasisBody


class Done(BaseModel):
    """The regime that was changed, and where it stands now."""

    code: str
    status: str
    lead_agency: str | None


@router.post("/regimes", status_code=201)
async def draft(body: RegimeBody, session: Transaction, who: ByOperator, now: Now) -> Done:
    """Draft a regime with its form; every unsound place of the form is named at once."""
    facts = body.model_dump(exclude={"form", "scope"}, mode="json")
    form = body.form.form().model_dump(mode="json")
    regime = Regime(**facts, form=form, drafted_by=who.subject, drafted_at=now)
    await commands.draft_regime(session, regime, body.scope)
    return await _done(session, body.code)


@router.get("/regimes")
async def regimes(
    session: Transaction, _: Anyone, limit: Limit = 100, after: After = None
) -> Page[RegimeLine]:
    """List the catalog (danh mục báo cáo) in order of codes."""
    return await queries.regimes(session, limit=limit, after=after)


@router.get("/regimes/{code}")
async def regime(code: str, session: Transaction, _: Anyone) -> RegimeView:
    """Return a regime with its form, legal basis and designations."""
    found = await queries.regime(session, code)
    if found is None:
        raise RegimeNotFound(regime=code)
    return found


@router.post("/regimes/{code}/put-in-force")
async def put_in_force(code: str, body: InForce, session: Transaction, _: ByOperator) -> Done:
    """Put a regime in force on its legal basis (Điều 5.1)."""
    await commands.put_in_force(session, code, body.legal_basis.word(), body.in_force_from)
    return await _done(session, code)


@router.post("/regimes/{code}/designations", status_code=201)
async def designate(
    code: str, body: DesignationBody, session: Transaction, who: ByOperator, now: Now
) -> Done:
    """Give a regime to its lead agency: step 1 (Điều 7.1)."""
    await commands.designate(session, code, body.agency, body.legal_basis.word(), who=who, now=now)
    return await _done(session, code)


@router.get("/calendar/{year}")
async def calendar(
    year: Annotated[int, Path(ge=2000, le=2100)], session: Transaction, _: Anyone
) -> CalendarView:
    """Return the days off of a year with their sources."""
    found = await queries.calendar(session, year)
    if found is None:
        raise CalendarNotFound(year=year)
    return found


async def _done(session: Transaction, code: str) -> Done:
    await session.flush()
    found = await queries.regime(session, code)
    if found is None:
        raise RegimeNotFound(regime=code)
    return Done(code=found.code, status=found.status, lead_agency=found.lead_agency)
