"""The resume wizard: try what was stopped, decide about what was held, ask, approve (Điều 8.3)."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from portal.hub import CONNECTIONS, Problem
from portal.pages import from_local, page
from portal.viewer import Form, SignedIn, Viewer

router = APIRouter()
LIFT = "/tam-ngung/{suspension}/khoi-phuc"
EVERYTHING: dict[str, str | None] = {"choose": "all", "from": None, "to": None, "reason": None}


@router.get(LIFT)
async def begin(request: Request, suspension: UUID, viewer: SignedIn) -> Response:
    """Step 1: try what the order stops, before anything is decided."""
    order = await _order(viewer, suspension)
    return _elsewhere(order, "IN_FORCE") or await _first(request, viewer, order)


@router.post(f"{LIFT}/thu")
async def probe(request: Request, suspension: UUID, viewer: SignedIn, _: Form) -> Response:
    """Try what the order stops; both people see what was seen, until it is tried again."""
    seen, problem = None, None
    try:
        seen = await viewer.hub.post(f"{_path(suspension)}/probe")
    except Problem as why:
        problem = why
    order = await _order(viewer, suspension)
    is_second = order["state"] == "LIFT_REQUESTED"
    if seen and seen["directions"]:
        step = LIFT.format(suspension=suspension) + ("/duyet" if is_second else "")
        return RedirectResponse(f"{step}#da-thu", 303)
    show = _second if is_second else _first
    return await show(request, viewer, order, seen=seen, problem=problem)


@router.get(f"{LIFT}/du-lieu")
async def choose(request: Request, suspension: UUID, viewer: SignedIn) -> Response:
    """Step 2: decide what becomes of what was held."""
    order = await _order(viewer, suspension)
    return _elsewhere(order, "IN_FORCE") or await _choice(request, viewer, order, {})


@router.post(f"{LIFT}/du-lieu")
async def preview(request: Request, suspension: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Step 3: show what the decision would do, and ask for the remedy; or back to step 2."""
    order = await _order(viewer, suspension)
    if away := _elsewhere(order, "IN_FORCE"):
        return away
    if sent.get("step") == "edit":
        return await _choice(request, viewer, order, dict(sent))
    try:
        return await _remedy(request, viewer, order, sent)
    except Problem as why:
        return await _choice(request, viewer, order, dict(sent), problem=why)


@router.post(LIFT)
async def lift(request: Request, suspension: UUID, viewer: SignedIn, sent: Form) -> Response:
    """Lift, or ask a second person to, with remedy and decision (Điều 8.1c, 8.3)."""
    body = {"remedy": str(sent.get("remedy", "")), "held": decision_of(sent)}
    try:
        await viewer.hub.post(f"{_path(suspension)}/lift", body)
    except Problem as why:
        order = await _order(viewer, suspension)
        away = _elsewhere(order, "IN_FORCE")
        return away or await _remedy(request, viewer, order, sent, problem=why)
    return RedirectResponse(f"/tam-ngung/{suspension}", 303)


@router.get(f"{LIFT}/duyet")
async def review(request: Request, suspension: UUID, viewer: SignedIn) -> Response:
    """Show the second person what the first decided and what it would do now."""
    order = await _order(viewer, suspension)
    return _elsewhere(order, "LIFT_REQUESTED") or await _second(request, viewer, order)


@router.post(f"{LIFT}/duyet")
async def approve(request: Request, suspension: UUID, viewer: SignedIn, _: Form) -> Response:
    """Approve the lift as the second person (Điều 8.1c)."""
    try:
        await viewer.hub.post(f"{_path(suspension)}/lift/approve", {})
    except Problem as why:
        order = await _order(viewer, suspension)
        away = _elsewhere(order, "LIFT_REQUESTED")
        return away or await _second(request, viewer, order, problem=why)
    return RedirectResponse(f"/tam-ngung/{suspension}", 303)


def _path(suspension: UUID | str) -> str:
    return f"{CONNECTIONS}/suspensions/{suspension}"


async def _order(viewer: Viewer, suspension: UUID) -> dict[str, Any]:
    order: dict[str, Any] = await viewer.hub.get(_path(suspension))
    return order


def _elsewhere(order: dict[str, Any], wanted: str) -> Response | None:
    """Lead to where an order in another state is dealt with: the state moved on meanwhile."""
    if order["state"] == wanted:
        return None
    steps = {"IN_FORCE": "/khoi-phuc", "LIFT_REQUESTED": "/khoi-phuc/duyet"}
    return RedirectResponse(f"/tam-ngung/{order['id']}{steps.get(order['state'], '')}", 303)


async def _plan(
    viewer: Viewer, order: dict[str, Any], held: dict[str, str | None]
) -> dict[str, Any]:
    path = f"{_path(order['id'])}/lift/preview"
    plan: dict[str, Any] = await viewer.hub.post(path, {"held": held})
    return plan


def decision_of(sent: FormData) -> dict[str, str | None]:
    """Return the decision; what was typed for another choice is no part of it."""
    held = EVERYTHING | {"choose": str(sent.get("choose", "all"))}
    if held["choose"] == "range":
        held["from"] = from_local(str(sent.get("held_from", "")))
        held["to"] = from_local(str(sent.get("held_to", "")))
    if held["choose"] in ("range", "discard"):
        held["reason"] = str(sent.get("discard_reason", "")) or None
    return held


async def _trial(
    viewer: Viewer, order: dict[str, Any], seen: dict[str, Any] | None
) -> dict[str, Any]:
    """Return what both people are shown of a probe: what was seen last, and who may try."""
    if seen is None:
        try:
            seen = await viewer.hub.get(f"{_path(order['id'])}/probe")
        except Problem as why:
            if why.slug != "not-probed":
                raise
    return {
        "seen": seen,
        "can_act": viewer.has("connection_operator", "operator", "administrator"),
    }


async def _first(
    request: Request,
    viewer: Viewer,
    order: dict[str, Any],
    *,
    seen: dict[str, Any] | None = None,
    problem: Problem | None = None,
) -> Response:
    return page(
        request,
        "lift-probe.html",
        problem=problem,
        order=order,
        **await _trial(viewer, order, seen),
    )


async def _choice(
    request: Request,
    viewer: Viewer,
    order: dict[str, Any],
    sent: dict[str, Any],
    *,
    problem: Problem | None = None,
) -> Response:
    everything, latest = await asyncio.gather(
        *(_plan(viewer, order, EVERYTHING | {"choose": choice}) for choice in ("all", "latest"))
    )
    return page(
        request,
        "lift-choice.html",
        problem=problem,
        order=order,
        plan=everything,
        latest=latest,
        sent=sent,
    )


async def _remedy(
    request: Request,
    viewer: Viewer,
    order: dict[str, Any],
    sent: FormData,
    *,
    problem: Problem | None = None,
) -> Response:
    held = decision_of(sent)
    return page(
        request,
        "lift-remedy.html",
        problem=problem,
        order=order,
        held=held,
        plan=await _plan(viewer, order, held),
        sent=sent,
    )


async def _second(
    request: Request,
    viewer: Viewer,
    order: dict[str, Any],
    *,
    seen: dict[str, Any] | None = None,
    problem: Problem | None = None,
) -> Response:
    held = order["lift"]["held"] or EVERYTHING
    return page(
        request,
        "lift-approve.html",
        problem=problem,
        order=order,
        held=held,
        plan=await _plan(viewer, order, held),
        **await _trial(viewer, order, seen),
    )
