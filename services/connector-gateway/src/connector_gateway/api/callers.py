"""Who may call what: operators act, auditors look, systems use their own connection."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.auth import Principal, allow, whoever
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.connections import ForeignConnection
from contracts.accounts.v1 import Role

ACTING = (Role.CONNECTION_OPERATOR, Role.OPERATOR, Role.ADMINISTRATOR)

Operator = Annotated[Principal, Depends(allow(*ACTING))]
Reader = Annotated[Principal, Depends(allow(*ACTING, Role.AUDITOR))]
Anyone = Annotated[Principal, Depends(whoever)]
Entitled = Annotated[Principal, Depends(allow())]
"""A system, or a person who may do anything at all: not one whose password is due (Điều 4.4)."""


def person(who: Principal) -> Person:
    """Return whoever acts, as orders and the ledger name them."""
    return Person(who.subject, who.name or who.subject)


def source_of(request: Request) -> str:
    """Return the address of the caller; the server believes the gateway alone about it."""
    return request.client.host if request.client else ""


async def own_system(who: Anyone, code: CodeInPath) -> Principal:
    """Let in the system whose connection the path names; nobody else."""
    if who.kind != "system" or who.connection != code:
        raise ForeignConnection(connection=code)
    return who


async def own_system_or_reader(who: Anyone, code: CodeInPath) -> Principal:
    """Let in the system of this connection, and whoever may look at all of them."""
    if who.has(*ACTING, Role.AUDITOR):
        return who
    return await own_system(who, code)


OwnSystem = Annotated[Principal, Depends(own_system)]
OwnSystemOrReader = Annotated[Principal, Depends(own_system_or_reader)]
