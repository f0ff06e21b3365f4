"""Consolidations on a real database: totals, missing units, origins, forwarding."""

import hashlib
from fractions import Fraction

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import DeliveryAcknowledged
from contracts.submissions.v1 import ConsolidationCompleted, ConsolidationForwarded
from submissions.commands import consolidations
from submissions.commands.consolidations import ConsolidationOrder
from submissions.documents.pdf import pdf_of
from submissions.documents.wording import letter_of
from submissions.domain.consolidations import Consolidation
from submissions.domain.reports import Report, Status
from submissions.domain.versions import ReportVersion
from submissions.errors import (
    AlreadyForwarded,
    CellNotFound,
    ConsolidationNotFound,
    ConsolidationSuperseded,
    NothingAccepted,
    NotLeadAgency,
    UnitUnknown,
)
from submissions.queries import consolidation_views, origins, papers
from submissions.queries import consolidations as queries
from tests.support.builders_figures import (
    NOW,
    PERIOD,
    REGIME,
    TRACE,
    UNITS,
    a_matrix,
    a_push,
    a_reviewer,
    accept_all,
    assigned_reports,
    pushed,
    said_in,
    three_units,
    versions_of,
)

ORDER = ConsolidationOrder(REGIME, PERIOD)


async def test_totals_equal_an_independent_sum_of_what_was_accepted(session: AsyncSession) -> None:
    await assigned_reports(session)
    figures = [["12.25", "0.1"], ["7.5", "-3.33"], ["0.05", "1000000.01"]]
    for unit, (first, second) in zip(UNITS, figures, strict=True):
        matrix = a_matrix(unit, [[first], [second]], rows=["1", "2"], columns=["chi"])
        await pushed(session, a_push(matrix))
    await accept_all(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    for row, column in ((0, "1:chi"), (1, "2:chi")):
        exact = sum((Fraction(unit[row]) for unit in figures), Fraction(0))
        assert Fraction(made.totals[column][0]) == exact
    everything = sum((Fraction(text) for unit in figures for text in unit), Fraction(0))
    assert Fraction(made.totals["TONG:chi"][0]) == everything


async def test_the_missing_unit_is_named_and_every_state_is_counted(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    view = await consolidation_views.view(session, made)
    assert [unit.agency for unit in view.missing] == [UNITS[2]]
    assert view.missing[0].name == f"Xã {UNITS[2]}"
    assert (view.accepted, view.expected) == (2, 3)
    total = view.totals["1:c3"]
    states = (total.figures, total.nil, total.not_applicable, total.missing)
    assert (total.value, *states) == ("80", 1, 0, 1, 1)
    assert view.totals["2:c2"].value == "-"


async def test_a_report_that_was_only_sent_is_not_in_the_totals(session: AsyncSession) -> None:
    await three_units(session)
    await session.exec(
        update(Report).where(col(Report.unit) == UNITS[1]).values(status=Status.SUBMITTED)
    )
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    assert made.missing == [UNITS[1], UNITS[2]]
    assert made.totals["1:c2"][0] == "120"


async def test_a_unit_is_left_out_with_a_reason_and_the_denominator_follows(
    session: AsyncSession,
) -> None:
    await three_units(session)
    order = ConsolidationOrder(REGIME, PERIOD, {UNITS[1]: "số liệu đang được xác minh"})
    made = await consolidations.consolidate(session, order, who=a_reviewer(), now=NOW)
    assert (made.accepted, made.expected, made.missing) == (1, 2, [UNITS[2]])
    assert made.totals["1:c2"][0] == "120"
    assert made.excluded == [{"agency": UNITS[1], "reason": "số liệu đang được xác minh"}]


async def test_a_unit_without_this_report_cannot_be_left_out(session: AsyncSession) -> None:
    await three_units(session)
    order = ConsolidationOrder(REGIME, PERIOD, {UNITS[0]: "a", "99999": "b"})
    with pytest.raises(UnitUnknown) as refused:
        await consolidations.consolidate(session, order, who=a_reviewer(), now=NOW)
    assert [place.pointer for place in refused.value.errors] == ["/exclude/1/agency"]


async def test_only_the_lead_agency_consolidates(session: AsyncSession) -> None:
    await three_units(session)
    with pytest.raises(NotLeadAgency):
        await consolidations.consolidate(session, ORDER, who=a_reviewer(UNITS[0]), now=NOW)


async def test_there_is_no_total_of_nothing(session: AsyncSession) -> None:
    await assigned_reports(session)
    with pytest.raises(NothingAccepted):
        await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)


async def test_a_consolidation_made_anew_takes_the_place_of_the_first(
    session: AsyncSession,
) -> None:
    await three_units(session)
    first = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    second = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    assert (first.state, second.state) == ("superseded", "completed")
    assert (second.revision, second.document_number) == (2, first.document_number)
    with pytest.raises(ConsolidationSuperseded):
        await consolidations.forward(session, first.id, who=a_reviewer(), now=NOW)


async def test_the_fact_of_a_consolidation_names_the_missing(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    (fact,) = said_in(session, ConsolidationCompleted)
    assert (fact.consolidation_id, fact.accepted, fact.missing) == (made.id, 2, [UNITS[2]])


async def test_forwarding_freezes_the_document_and_tells_its_digest(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    sent = await consolidations.forward(session, made.id, who=a_reviewer(), now=NOW)
    (fact,) = said_in(session, ConsolidationForwarded)
    assert sent.document is not None
    assert fact.sha256 == sent.sha256 == hashlib.sha256(sent.document).hexdigest()
    assert fact.totals["1:c1"] == "230"
    assert (fact.missing, fact.recipient) == ([UNITS[2]], "Ủy ban nhân dân tỉnh Bắc Giang")
    assert pdf_of(letter_of(await papers.paper_of(session, sent))) == sent.document


async def test_what_was_forwarded_is_neither_sent_nor_made_again(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    await consolidations.forward(session, made.id, who=a_reviewer(), now=NOW)
    with pytest.raises(AlreadyForwarded):
        await consolidations.forward(session, made.id, who=a_reviewer(), now=NOW)
    with pytest.raises(AlreadyForwarded):
        await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)


async def test_the_database_itself_keeps_a_forwarded_consolidation(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    await consolidations.forward(session, made.id, who=a_reviewer(), now=NOW)
    await session.flush()
    with pytest.raises(DBAPIError, match="frozen"):
        await session.exec(update(Consolidation).values(accepted=3, expected=4))


async def test_another_agency_neither_sees_nor_forwards(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    await session.flush()
    with pytest.raises(ConsolidationNotFound):
        await queries.consolidation(session, made.id, a_reviewer(UNITS[0]))
    with pytest.raises(ConsolidationNotFound):
        await consolidations.forward(session, made.id, who=a_reviewer(UNITS[0]), now=NOW)


async def test_an_operator_sees_but_does_not_forward(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    await session.flush()
    operator = a_reviewer("24").model_copy(update={"roles": frozenset({Role.OPERATOR})})
    assert await queries.consolidation(session, made.id, operator) is made
    with pytest.raises(NotLeadAgency):
        await consolidations.forward(session, made.id, who=operator, now=NOW)


async def test_a_total_leads_to_the_version_in_which_each_figure_last_changed(
    session: AsyncSession,
) -> None:
    await assigned_reports(session)
    first, *_ = await pushed(session, a_push(a_matrix(values=[["7", "8"]])), traceparent=TRACE)
    await pushed(session, a_push(a_matrix(values=[[None, "9"]])))
    await accept_all(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    found = await origins.drill_down(session, made, "1", "c2")
    (unit,) = found.units
    assert (unit.version, unit.value, unit.state) == (2, "7", "figure")
    assert unit.source is not None
    assert (unit.source.version, unit.source.id) == (1, str(first.receipt_id))
    assert (unit.source.connection, unit.source.traceparent) == ("qg-tthc", TRACE)
    changed = await origins.drill_down(session, made, "1", "c3")
    assert [one.source.version for one in changed.units if one.source] == [2]


async def test_what_came_after_the_version_taken_is_no_origin(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    (first,) = await versions_of(session)
    later = first.model_dump(warnings=False) | {"number": 2, "cells": {"1:c2": "999"}}
    session.add(ReportVersion(**later))
    await session.flush()
    found = await origins.drill_down(session, made, "1", "c2")
    assert (found.units[0].value, found.units[0].version) == ("120", 1)


async def test_shares_of_a_total_add_up_to_it(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    for row, column in (("1", "c2"), ("1", "c1"), ("TONG", "c3")):
        found = await origins.drill_down(session, made, row, column)
        shares = [unit.value for unit in found.units if unit.state == "figure"]
        assert str(sum(Fraction(share or "0") for share in shares)) == found.value


async def test_a_cleared_figure_leads_to_whoever_cleared_it(session: AsyncSession) -> None:
    await assigned_reports(session)
    await pushed(session, a_push(a_matrix(values=[["7", "8"]])))
    await pushed(session, a_push(a_matrix(values=[["", None]])))
    await accept_all(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    (unit,) = (await origins.drill_down(session, made, "1", "c2")).units
    assert unit.state == "missing"
    assert unit.source is not None
    assert unit.source.version == 2


async def test_a_cell_that_the_form_does_not_have_is_not_found(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    with pytest.raises(CellNotFound):
        await origins.drill_down(session, made, "1", "zz")


async def test_an_acknowledgement_said_twice_counts_once(session: AsyncSession) -> None:
    await three_units(session)
    made = await consolidations.consolidate(session, ORDER, who=a_reviewer(), now=NOW)
    await session.flush()
    fact = DeliveryAcknowledged(
        consolidation_id=made.id, connection="ubnd", dispatch_id=new_id(), acknowledged_at=NOW
    )
    await consolidations.acknowledge(session, fact)
    await consolidations.acknowledge(session, fact)
    view = await consolidation_views.view(session, made)
    assert [(one.connection, one.at) for one in view.acknowledged] == [("ubnd", NOW)]


async def test_documents_of_one_agency_are_numbered_through_the_year(
    session: AsyncSession,
) -> None:
    await assigned_reports(session, periods=["2026-H1", "2026-H2"])
    for period in ("2026-H1", "2026-H2"):
        await pushed(session, a_push(a_matrix(), period=period))
    await accept_all(session)
    numbers = []
    for period in ("2026-H1", "2026-H2"):
        order = ConsolidationOrder(REGIME, period)
        made = await consolidations.consolidate(session, order, who=a_reviewer(), now=NOW)
        numbers.append(made.document_number)
    assert numbers == [1, 2]
