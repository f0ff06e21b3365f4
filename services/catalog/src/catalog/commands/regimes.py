"""Regimes: drafted with a sound form, put in force on a legal basis (Điều 5.1)."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog import queries
from catalog.domain.forms import unsound_places
from catalog.domain.indicators import Indicator, indicators_of, other_units
from catalog.domain.regimes import Regime, Scope, impossible_days, must_be_in_scope
from catalog.errors import (
    FormUnsound,
    LegalBasisImpossible,
    RegimeExists,
    RegimeNotFound,
    RegimeTooLarge,
)
from chassis.auth import Principal
from chassis.errors import Place
from chassis.outbox import publish
from contracts.catalog.v1 import ContentForm, LegalBasis, RegimePutInForce
from contracts.forms import Form

LARGEST = RegimePutInForce.topic.max_message_bytes * 9 // 10
"""Bytes of a form that still travels, with the rest of its regime, in one message."""


async def draft_regime(session: AsyncSession, regime: Regime, scope: Scope) -> Regime:
    """Draft a regime; the same draft again changes nothing, another one is refused."""
    await queries.one_at_a_time(session, f"regime {regime.code}")
    await _must_be_sound(session, regime, scope)
    standing = await queries.regime_for_update(session, regime.code)
    if standing is None:
        session.add(regime)
        return regime
    if not standing.is_same_as(regime):
        raise RegimeExists(regime=regime.code)
    return standing


async def redraft_regime(
    session: AsyncSession, regime: Regime, scope: Scope, *, revision: int
) -> Regime:
    """Replace a draft that was read at ``revision``; what is in force never changes."""
    await _must_be_sound(session, regime, scope)
    standing = await queries.regime_for_update(session, regime.code)
    if standing is None:
        raise RegimeNotFound(regime=regime.code)
    standing.redraft(regime, revision)
    return standing


async def put_in_force(
    session: AsyncSession,
    code: str,
    legal_basis: LegalBasis,
    in_force_from: date,
    *,
    who: Principal,
    now: datetime,
) -> Regime:
    """Put a regime in force on its legal basis (Điều 5.1) and say so with its whole form.

    From here on the units of its indicators are fixed, in this form and in every other one.
    """
    wrong = list(impossible_days(legal_basis, in_force_from, now))
    if wrong:
        raise LegalBasisImpossible(errors=wrong)
    await queries.one_at_a_time(session, "indicators")
    regime = await queries.regime_for_update(session, code)
    if regime is None:
        raise RegimeNotFound(regime=code)
    form = Form.model_validate(regime.form)
    await _must_agree(session, regime, form)
    regime.put_in_force(legal_basis, in_force_from, by=who.subject)
    rows = [one.model_dump() for one in indicators_of(form)]
    if rows:
        await session.exec(insert(Indicator).on_conflict_do_nothing(), params=rows)
    publish(session, regime.in_force_event())
    return regime


async def _must_be_sound(session: AsyncSession, regime: Regime, scope: Scope) -> None:
    must_be_in_scope(scope)
    form = Form.model_validate(regime.form)
    if len(form.model_dump_json().encode()) > LARGEST:
        raise RegimeTooLarge(kilobytes=LARGEST // 1024)
    wrong = list(unsound_places(form, ContentForm(regime.content_form)))
    if wrong:
        raise FormUnsound(form=form.code, errors=wrong)
    await _must_agree(session, regime, form)


async def _must_agree(session: AsyncSession, regime: Regime, form: Form) -> None:
    """Refuse a form that contradicts what other regimes put in force."""
    wrong = list(other_units(form, await queries.indicators(session, form)))
    others = await queries.forms_in_force(session, form.code, but=regime.code)
    if any(other != regime.form for other in others):
        wrong.append(Place("/form/code", "form-differs", params={"code": form.code}))
    if wrong:
        raise FormUnsound(form=form.code, errors=wrong)
