"""External systems and their owners."""

from fastapi import APIRouter

from chassis.clock import Now
from chassis.database import Transaction
from connector_gateway.api.bodies import SystemBody
from connector_gateway.api.callers import Operator, Reader
from connector_gateway.commands import connections as commands
from connector_gateway.queries import board
from connector_gateway.queries.board import SystemView

router = APIRouter(tags=["systems"])


@router.post("/systems", status_code=201)
async def register_system(
    body: SystemBody, session: Transaction, _: Operator, now: Now
) -> SystemView:
    """Make an external system known, with the agency that owns it (Điều 8.4).

    409 `code-taken`.
    """
    system = await commands.register_system(
        session, commands.NewSystem(**body.model_dump()), now=now
    )
    return SystemView.model_validate(system, from_attributes=True)


@router.get("/systems")
async def list_systems(session: Transaction, _: Reader) -> dict[str, list[SystemView] | None]:
    """List the known systems."""
    return {"items": await board.systems(session), "next": None}
