"""Pulls: configured by operators, asked in turns, taken in by the command of a push (Điều 3.5)."""

import hashlib
from dataclasses import replace
from datetime import datetime

from prometheus_client import Counter
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from chassis.errors import Place, PreconditionFailed, PreconditionRequired, Refusal
from chassis.identifiers import new_id
from chassis.telemetry import current_traceparent
from connector_gateway.commands import ledger
from connector_gateway.commands.admissions import suspended
from connector_gateway.commands.deliveries import receive
from connector_gateway.commands.keys import SigningKey
from connector_gateway.commands.sealing import seal
from connector_gateway.domain.connections import Connection, WhileSuspended
from connector_gateway.domain.ledger import Facts, Kind, canonical
from connector_gateway.domain.pulls import PAUSING, Pull, PullMark, Turn, Wanted
from connector_gateway.domain.pushes import Push
from connector_gateway.domain.sources import Content, PullKind, Step, server_of
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import ConnectionUnknown, DirectionNotOffered
from connector_gateway.errors.policies import FormatNotAllowed
from connector_gateway.errors.pulls import PullReplaced, PullUnfit, PullUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import pulls as queries
from contracts.connector_gateway.v1 import Direction

PULLS = Counter(
    "hub_pulls_total",
    "Turns of asking sources (done, failed, stopped) and what they brought (taken, problem)",
    ["kind", "fate"],
)
FORGET = "DELETE FROM pull_marks WHERE connection_id = $1"


async def configure(
    session: AsyncSession,
    code: str,
    wanted: Wanted,
    key: SigningKey,
    *,
    revision: int | None,
    now: datetime,
) -> Pull:
    """Have a system asked; a change names the ``revision`` that was read.

    The checkpoint begins anew where another source is asked. A credential that is kept goes to
    the server it was given for and to no other. Raises ``PullUnfit`` where none is left.
    """
    connection = await _locked(session, code)
    if connection.inbound_state is None:
        raise DirectionNotOffered(connection=code)
    connection.gate.refuse_revoked()
    pull = await queries.pull_for_update(session, connection.id)
    _refuse_stale(pull, revision)
    keeps = bool(pull and wanted.keeps_credential and wanted.is_same_server(pull))
    if wanted.kind is PullKind.SFTP and not keeps and wanted.credential is None:
        raise PullUnfit(errors=[Place("/credential", "missing-field")])
    if pull is None:
        pull = Pull.of(wanted, connection.id, new_id(), now=now)
    else:
        if not wanted.is_same_source(pull):
            await _forget(session, pull)
            pull.series = new_id()
        pull.change(wanted, now=now)
    if not keeps:
        given = wanted.credential
        pull.sealed = seal(key, given, connection.id) if given is not None else None
    session.add(pull)
    facts: Facts = {
        "source": server_of(wanted.kind, wanted.settings),
        "sha256": hashlib.sha256(canonical(wanted.settings).encode()).hexdigest(),
        "every_seconds": wanted.every_seconds,
        "credential": "kept" if keeps else "none" if wanted.credential is None else "given",
        "by": wanted.by.subject,
    }
    await ledger.record(session, code, [(Kind.PULL_CONFIGURED, facts)], at=now)
    return pull


def _refuse_stale(pull: Pull | None, revision: int | None) -> None:
    if pull is not None and revision is None:
        raise PreconditionRequired
    if revision is not None and (pull is None or pull.revision != revision):
        raise PreconditionFailed


async def remove(
    session: AsyncSession, code: str, by: Person, *, revision: int, now: datetime
) -> None:
    """Ask a system no more and forget its credential; what was taken stays."""
    connection = await _locked(session, code)
    pull = await queries.pull_for_update(session, connection.id)
    if pull is None:
        raise PullUnknown(connection=code)
    _refuse_stale(pull, revision)
    await _forget(session, pull)
    await session.delete(pull)
    await ledger.record(session, code, [(Kind.PULL_REMOVED, {"by": by.subject})], at=now)


async def run_now(session: AsyncSession, code: str, *, now: datetime) -> Pull:
    """Make the next turn due; a suspended connection is asked when it is open again."""
    connection = await _locked(session, code)
    pull = await queries.pull_for_update(session, connection.id)
    if pull is None:
        raise PullUnknown(connection=code)
    pull.run_now(now=now)
    return pull


async def trial(session: AsyncSession, code: str, *, now: datetime) -> Turn:
    """Return a turn that nobody claims, to look at a source; a suspended one is not asked."""
    connection = await connection_queries.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    pull = await queries.pull_of(session, connection.id)
    if pull is None:
        raise PullUnknown(connection=code)
    why = await _stopped(session, connection, epoch=connection.epoch, now=now)
    if why:
        raise why
    return Turn.of(pull, connection, {})


async def claim(session: AsyncSession, *, now: datetime) -> Turn | None:
    """Claim the turn that has been due the longest, for one runner, or None."""
    found = await queries.due_for_update(session, now)
    if found is None:
        return None
    pull, connection = found
    pull.begin(new_id(), now=now)
    return Turn.of(pull, connection, await queries.checkpoint(session, connection.id))


async def take(session: AsyncSession, turn: Turn, step: Step, *, now: datetime) -> Refusal | None:
    """Take in what a step brought and move the checkpoint with it: one transaction.

    Returns why nothing was taken and the turn ends: the gate, or a quota. The connection's row
    stays locked, so nothing is taken after a suspension has committed (decisions/0005). Raises
    ``PullReplaced`` where the turn is somebody else's by now.
    """
    connection = await _locked(session, turn.connection)
    pull = await queries.pull_for_update(session, turn.connection_id)
    if pull is None:
        raise PullReplaced
    pull.refuse_other(turn.claim)
    why = await _let_in(session, connection, turn, step, now=now)
    if isinstance(why, FormatNotAllowed):  # of this page or file; the rest may be otherwise
        step, why = replace(step, offered=why), None
    if why is None:
        await _move(session, turn, step, now=now)
        pull.go_on(has_taken=isinstance(step.offered, Content), now=now)
        if step.offered is not None:
            is_taken = isinstance(step.offered, Content)
            PULLS.labels(turn.kind.value, "taken" if is_taken else "problem").inc()
    return why


async def _let_in(
    session: AsyncSession, connection: Connection, turn: Turn, step: Step, *, now: datetime
) -> Refusal | None:
    """Pass the gate, with the content where there is any: a push that it stops is recorded."""
    is_kept = connection.while_suspended is WhileSuspended.QUARANTINE and connection.gate.is_stopped
    if not isinstance(step.offered, Content) or is_kept:
        return await _stopped(session, connection, epoch=turn.epoch, now=now)
    delivery = turn.delivery(step, step.offered)
    push = Push(turn.connection, turn.epoch, delivery, current_traceparent(), source=None)
    [answer] = await receive(session, [push], waits=True, now=now)
    return answer if isinstance(answer, Refusal) else None


async def _stopped(
    session: AsyncSession, connection: Connection, *, epoch: int, now: datetime
) -> Refusal | None:
    """Return what the gate says to whoever asks at ``epoch``."""
    gate = connection.gate
    try:
        gate.refuse_revoked()
        if gate.is_stopped:
            return await suspended(
                session,
                connection.id,
                connection.code,
                [Direction.INBOUND],
                epoch=gate.epoch,
                now=now,
            )
        gate.refuse_outdated(epoch)
    except Refusal as why:
        return why
    return None


async def _move(session: AsyncSession, turn: Turn, step: Step, *, now: datetime) -> None:
    known = await queries.marks(session, turn.connection_id, list(step.marks))
    for name, value in step.marks.items():
        mark = known.get(name)
        if value is None:
            if mark:
                await session.delete(mark)
            continue
        mark = mark or PullMark(
            connection_id=turn.connection_id, name=name, value=value, moved_at=now
        )
        mark.value, mark.moved_at = value, now
        if name == step.position and step.offered is not None:
            mark.tell(step.offered if isinstance(step.offered, Refusal) else None, now=now)
        session.add(mark)


async def finish(session: AsyncSession, turn: Turn, why: Refusal | None, *, now: datetime) -> None:
    """End a turn; nothing where it is somebody else's by now."""
    pull = await queries.pull_for_update(session, turn.connection_id)
    if pull and pull.claim == turn.claim:
        pull.finish(why, now=now)
        fate = "done" if why is None else "stopped" if isinstance(why, PAUSING) else "failed"
        PULLS.labels(turn.kind.value, fate).inc()


async def give_back(session: AsyncSession, turn: Turn, *, now: datetime) -> None:
    """End a turn in the middle: another runner goes on where it stopped."""
    pull = await queries.pull_for_update(session, turn.connection_id)
    if pull and pull.claim == turn.claim:
        pull.give_back(now=now)


async def _locked(session: AsyncSession, code: str) -> Connection:
    connection = await connection_queries.connection_for_update(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    return connection


async def _forget(session: AsyncSession, pull: Pull) -> None:
    raw = await raw_connection(session)
    await raw.execute(FORGET, pull.connection_id)
