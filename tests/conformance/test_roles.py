"""Who may call what: every operation of every service, tried with every role (roles.toml)."""

import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.accounts.v1 import Role
from deploy.local.layout import SERVICES
from tests.support.kafka import renew_topics
from tests.support.postgres import fresh_database
from tests.support.services import Live, a_token, announce_key, running

TABLE: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("roles.toml").read_text(encoding="utf-8")
)
PEOPLE = frozenset(role.value for role in Role)
CODE = "he-thong"
TOKENS = {
    **{role.value: a_token(role) for role in Role},
    "system": a_token(connection="khac", sub="khac"),
    "own system": a_token(connection=CODE, sub=CODE),
}
SYSTEMS = frozenset({"system", "own system"})


def may(row: str | list[str]) -> frozenset[str]:
    """Return who may, by a row of the table."""
    match row:
        case "whoever":
            return PEOPLE | SYSTEMS
        case "people":
            return PEOPLE
        case str():
            raise ValueError(row)
    return frozenset(row)


@pytest.fixture(scope="module", params=SERVICES)
async def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Live]:
    """Give each service in turn, running, with nothing in it."""
    name: str = request.param
    bootstrap = await renew_topics()
    await announce_key()
    with fresh_database(name) as url:
        async with running(name, url, bootstrap, tmp_path_factory.mktemp(name)) as live:
            yield live


async def operations(live: Live) -> dict[str, dict[str, Any]]:
    """Return every operation that OpenAPI names, by method and path."""
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{live.api}/openapi.json")).json()
    prefix = f"/api/{live.name}/v1"
    return {
        f"{method.upper()} {path.removeprefix(prefix)}": {**operation, "path": path}
        for path, found in document["paths"].items()
        for method, operation in found.items()
    }


def filled(operation: Mapping[str, Any]) -> str:
    """Return the path of an operation with something in its blanks."""
    path: str = operation["path"]
    for one in operation.get("parameters", ()):
        if one["in"] == "path":
            is_id = one["schema"].get("format") == "uuid"
            value = "0197a1b2-0000-7000-8000-000000000000" if is_id else CODE
            path = path.replace(f"{{{one['name']}}}", value)
    return path


async def test_every_operation_has_its_row_and_guards_itself_as_the_row_says(live: Live) -> None:
    found = await operations(live)
    assert found.keys() == TABLE[live.name].keys()
    guarded = {name for name, operation in found.items() if operation.get("security")}
    assert guarded == {name for name, row in TABLE[live.name].items() if row != "public"}


async def test_whoever_has_no_part_in_an_operation_is_refused_and_nobody_else(live: Live) -> None:
    wrong = []
    async with httpx.AsyncClient(base_url=live.url, timeout=30) as client:
        for name, operation in (await operations(live)).items():
            row = TABLE[live.name][name]
            if row == "public":
                continue
            for who, token in TOKENS.items():
                answer = await client.request(
                    name.split()[0],
                    filled(operation),
                    headers={"Authorization": f"Bearer {token}"},
                )
                if (answer.status_code == 403) is (who in may(row)):
                    wrong.append(f"{name} by {who}: {answer.status_code}")
    assert not wrong
