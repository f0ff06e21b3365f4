"""Regimes over HTTP: drafted, put in force, given to a lead agency."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from catalog import queries
from catalog.api.forms import FormBody, Name
from catalog.commands import designations, regimes
from catalog.domain.regimes import Regime, Scope
from catalog.errors import RegimeExists, RegimeNotFound
from catalog.queries import RegimeLine, RegimeView
from chassis.auth import Principal, allow
from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import Place
from chassis.etags import Tag, etag_of
from chassis.http import Body
from chassis.paging import After, Limit, Page
from contracts.accounts.v1 import Role
from contracts.catalog.v1 import ContentForm, LegalBasis, RegimeKind
from contracts.identifiers import RegimeCode, StatisticsCode
from contracts.periods import CutOffRule, Frequency

router = APIRouter(tags=["regimes"])
Anyone = Annotated[Principal, Depends(allow())]
ByOperator = Annotated[Principal, Depends(allow(Role.OPERATOR))]


class RegimeBody(Body):
    """A regime as it is drafted."""

    code: RegimeCode
    name: Name
    kind: RegimeKind
    content_form: ContentForm
    frequency: Frequency
    cut_off_rule: CutOffRule
    due_working_days: Annotated[int, Field(ge=1, le=60)]
    """Working days from the cut-off to the deadline; at least 1 (NĐ 09/2019 Điều 8.5)."""
    recipient: Name
    scope: Scope = Scope.ADMINISTRATIVE
    form: FormBody

    def regime(self, who: Principal, now: datetime) -> Regime:
        """Return the regime as it is drafted."""
        return Regime(
            **self.model_dump(exclude={"form", "scope"}, mode="json"),
            form=self.form.form().model_dump(mode="json"),
            drafted_by=who.subject,
            drafted_at=now,
        )


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


@router.post("/regimes", status_code=201)
async def draft(
    body: RegimeBody, session: Transaction, who: ByOperator, now: Now, response: Response
) -> RegimeView:
    """Draft a regime with its form; every unsound place of the form is named at once."""
    await regimes.draft_regime(session, body.regime(who, now), body.scope)
    return await _view(session, body.code, response)


@router.put("/regimes/{code}")
async def redraft(
    code: RegimeCode, body: RegimeBody, session: Transaction, who: ByOperator, now: Now, tag: Tag
) -> RegimeView:
    """Replace a draft; what is in force never changes."""
    if body.code != code:
        raise RegimeExists(regime=code, errors=[Place("/code", "code-is-fixed")])
    regime = body.regime(who, now)
    await regimes.redraft_regime(session, regime, body.scope, revision=tag.revision)
    return await _view(session, code, tag.response)


@router.get("/regimes")
async def list_regimes(
    session: Transaction, _: Anyone, limit: Limit = 100, after: After = None
) -> Page[RegimeLine]:
    """List the catalog (danh mục báo cáo) in order of codes."""
    return await queries.regimes(session, limit=limit, after=after)


@router.get("/regimes/{code}")
async def regime(
    code: RegimeCode, session: Transaction, _: Anyone, response: Response
) -> RegimeView:
    """Return a regime with its form, legal basis and designations."""
    return await _view(session, code, response)


@router.post("/regimes/{code}/put-in-force")
async def put_in_force(
    code: RegimeCode,
    body: InForce,
    session: Transaction,
    who: ByOperator,
    now: Now,
    response: Response,
) -> RegimeView:
    """Put a regime in force on its legal basis (Điều 5.1); its form no longer changes."""
    await regimes.put_in_force(
        session, code, body.legal_basis.word(), body.in_force_from, who=who, now=now
    )
    return await _view(session, code, response)


@router.post("/regimes/{code}/designations", status_code=201)
async def designate(
    code: RegimeCode,
    body: DesignationBody,
    session: Transaction,
    who: ByOperator,
    now: Now,
    response: Response,
) -> RegimeView:
    """Give a regime to its lead agency: step 1 (Điều 7.1)."""
    await designations.designate(
        session, code, body.agency, body.legal_basis.word(), who=who, now=now
    )
    return await _view(session, code, response)


async def _view(session: Transaction, code: str, response: Response) -> RegimeView:
    await session.flush()
    found = await queries.regime(session, code)
    if found is None:
        raise RegimeNotFound(regime=code)
    response.headers["ETag"] = etag_of(found.revision)
    return found
