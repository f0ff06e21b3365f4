"""The door for pulls: which system is asked for its figures, how, and how the asking goes."""

import asyncio
import contextlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import Refusal
from chassis.etags import Tag, etag_of, revision_read
from chassis.problems import Texts
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.api.pull_bodies import PullBody
from connector_gateway.commands import pulls as commands
from connector_gateway.commands.keys import signing_key
from connector_gateway.connectors.menu import MENU, source_of
from connector_gateway.domain.pulls import Pull, PullMark
from connector_gateway.domain.sources import Content, PullKind, Step
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.errors.pulls import PullUnknown, SourceUnreachable
from connector_gateway.queries import View
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import pulls as queries
from connector_gateway.queries.pulls import MarkView, PullProblemView, PullView, SaidView

router = APIRouter(tags=["pulls"])
TEXTS = Texts("connector_gateway")
TRIAL_SECONDS = 30


def revision_if_read(
    if_match: Annotated[
        str | None, Header(description="The ETag read; none the first time")
    ] = None,
) -> int | None:
    """Return the revision that ``If-Match`` names, or None where there is none yet."""
    return None if if_match is None else revision_read(if_match)


@dataclass(frozen=True)
class Edit:
    """A change of a configuration: when, of which revision, and the answer with the next one."""

    session: Transaction
    now: Now
    revision: Annotated[int | None, Depends(revision_if_read)]
    response: Response


class TriedView(View):
    """What a look at a source found, in a sentence; nothing was taken."""

    says: str
    is_reached: bool
    position: str | None = None
    content_type: str | None = None
    size: int | None = None
    problem: str | None = None


@router.put("/connections/{code}/pull")
async def configure_pull(
    code: CodeInPath,
    body: PullBody,
    request: Request,
    who: Operator,
    edit: Annotated[Edit, Depends()],
) -> PullView:
    """Have a system that cannot push asked on a schedule, over HTTP or SFTP (Điều 3.5).

    The first time without `If-Match`, later with the ETag that was read (412 `stale-etag`,
    428 `etag-required`). The credential is sealed and never shown again; left out, the one given
    earlier goes on to the same server, `null` removes it. Another address or folder begins anew.
    404 `connection-unknown`; 409 `direction-not-offered`; 403 `connection-revoked`;
    422 `pull-unfit` with every bad place, `target-not-allowed`.
    """
    settings = request.app.state.settings
    body.refuse_unfit(settings.private_targets)
    made = await commands.configure(
        edit.session,
        code,
        body.wanted(person(who)),
        signing_key(settings.signing_key_file),
        revision=edit.revision,
        now=edit.now,
    )
    return await _view(edit.session, code, made, edit.response, edit.now)


@router.get("/connections/{code}/pull")
async def show_pull(
    code: CodeInPath, response: Response, session: Transaction, _: Reader, now: Now
) -> PullView:
    """Return what is asked, when, how it goes, and what could not be taken.

    404 `pull-unknown`.
    """
    return await _view(session, code, await _found(session, code), response, now)


@router.delete("/connections/{code}/pull", status_code=204)
async def remove_pull(
    code: CodeInPath, session: Transaction, who: Operator, now: Now, tag: Tag
) -> None:
    """Ask the system no more; what was taken stays. 404 `pull-unknown`; 412; 428."""
    await commands.remove(session, code, person(who), revision=tag.revision, now=now)


@router.post("/connections/{code}/pull/test")
async def try_pull(code: CodeInPath, request: Request, _: Operator, now: Now) -> TriedView:
    """Look at the source now, read at most one page or file, take nothing.

    What the source does is told in the answer. 404 `pull-unknown`; 503 `connection-suspended`.
    """
    state = request.app.state
    async with state.database.transaction() as session:
        turn = await commands.trial(session, code, now=now)
    key = signing_key(state.settings.signing_key_file)
    try:
        source = source_of(turn, key, permitted=state.settings.private_targets, is_trial=True)
        async with asyncio.timeout(TRIAL_SECONDS):
            async with contextlib.aclosing(MENU[turn.kind](source)) as steps:
                return _tried(turn.kind, await anext(steps, None))
    except Refusal as why:
        return _failed(why)
    except TimeoutError as why:
        return _failed(SourceUnreachable(why=type(why).__name__))


@router.post("/connections/{code}/pull/run", status_code=202)
async def run_pull(
    code: CodeInPath, response: Response, session: Transaction, _: Operator, now: Now
) -> PullView:
    """Make the next turn due now; a suspended connection is asked when it is open again.

    404 `pull-unknown`.
    """
    return await _view(session, code, await commands.run_now(session, code, now=now), response, now)


async def _found(session: Transaction, code: str) -> Pull:
    connection = await connection_queries.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    pull = await queries.pull_of(session, connection.id)
    if pull is None:
        raise PullUnknown(connection=code)
    return pull


async def _view(
    session: Transaction, code: str, pull: Pull, response: Response, now: datetime
) -> PullView:
    await session.flush()
    count, problems = await queries.problems(session, pull.connection_id)
    marks = await queries.latest_marks(session, pull.connection_id)
    response.headers["ETag"] = etag_of(pull.revision)
    return PullView(
        connection=code,
        kind=pull.kind,
        source=pull.settings,
        every_seconds=pull.every_seconds,
        has_credential=pull.sealed is not None,
        configured_by=pull.configured_by_name,
        configured_at=pull.configured_at,
        next_at=pull.next_at,
        is_running=pull.claimed_until is not None and pull.claimed_until > now,
        last_started_at=pull.last_started_at,
        last_success_at=pull.last_success_at,
        failures=pull.failures,
        last_error=_said(pull.last_error, pull.last_error_params, pull.last_error_at),
        problem_count=count,
        problems=[view for mark in problems if (view := _problem(mark))],
        checkpoint=[
            MarkView(name=mark.name, value=mark.value, moved_at=mark.moved_at) for mark in marks
        ],
    )


def _problem(mark: PullMark) -> PullProblemView | None:
    said = _said(mark.problem, mark.problem_params, mark.problem_at)
    return PullProblemView(name=mark.name, said=said) if said else None


def _said(slug: str | None, params: Mapping[str, str], at: datetime | None) -> SaidView | None:
    if slug is None or at is None:
        return None
    page = TEXTS.page(slug).model_dump()
    return SaidView(**{**page, "detail": TEXTS.detail(slug, params)}, at=at)


def _tried(kind: PullKind, step: Step | None) -> TriedView:
    if step is None or step.offered is None:
        return TriedView(says=_sentence("nothing"), is_reached=True)
    if isinstance(step.offered, Content):
        content_type, size = step.offered.content_type, len(step.offered.body)
        name = "page" if kind is PullKind.HTTP else "file"
        return TriedView(
            says=_sentence(name, position=step.position, content_type=content_type, size=size),
            is_reached=True,
            position=step.position,
            content_type=content_type,
            size=size,
        )
    why = step.offered
    said = _sentence("unfit", position=step.position, why=TEXTS.detail(why.slug, why.params))
    return TriedView(
        says=said, is_reached=True, position=step.position, problem=f"/problems/{why.slug}"
    )


def _failed(why: Refusal) -> TriedView:
    said = _sentence("failed", why=TEXTS.detail(why.slug, why.params))
    return TriedView(says=said, is_reached=False, problem=f"/problems/{why.slug}")


def _sentence(name: str, **blanks: Any) -> str:
    return _sentences()[name].format(**blanks)


@cache
def _sentences() -> dict[str, str]:
    source = resources.files("connector_gateway").joinpath("pulls.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
