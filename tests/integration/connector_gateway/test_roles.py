"""Who may do what: every operation with every role, and with a system's token."""

import pytest

from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from tests.support.gateway import Gateway

ACTING = {Role.OPERATOR, Role.CONNECTION_OPERATOR, Role.ADMINISTRATOR}
LOOKING = {*ACTING, Role.AUDITOR}
ORDER = f"/suspensions/{new_id()}"
OPERATIONS = [
    ("POST", "/systems", ACTING),
    ("GET", "/systems", LOOKING),
    ("GET", "/connection-requests", LOOKING),
    ("POST", "/connection-requests", ACTING),
    ("GET", f"/connection-requests/{new_id()}", LOOKING),
    ("POST", f"/connection-requests/{new_id()}/grant", ACTING),
    ("POST", f"/connection-requests/{new_id()}/refuse", ACTING),
    ("POST", "/connections", ACTING),
    ("GET", "/connections", LOOKING),
    ("GET", "/connections/qg-tthc", LOOKING),
    ("GET", "/connections/qg-tthc/credentials", LOOKING),
    ("POST", "/connections/qg-tthc/credentials", ACTING),
    ("POST", f"/connections/qg-tthc/credentials/{new_id()}/end", ACTING),
    ("GET", "/connections/qg-tthc/policy", LOOKING),
    ("PUT", "/connections/qg-tthc/policy", ACTING),
    ("GET", "/connections/qg-tthc/flags", LOOKING),
    ("POST", "/connections/qg-tthc/flags", ACTING),
    ("POST", f"/connections/qg-tthc/flags/{new_id()}/dismiss", ACTING),
    ("POST", "/connections/qg-tthc/revoke", ACTING),
    ("GET", "/connections/qg-tthc/dispatches", LOOKING),
    ("GET", f"/connections/qg-tthc/dispatches/{new_id()}", LOOKING),
    ("GET", f"/connections/qg-tthc/dispatches/{new_id()}/document.json", LOOKING),
    ("GET", f"/connections/qg-tthc/dispatches/{new_id()}/document.pdf", LOOKING),
    ("POST", "/connections/qg-tthc/dispatches/test", ACTING),
    ("POST", "/connections/qg-tthc/dispatches/redeliver", ACTING),
    ("POST", f"/connections/qg-tthc/dispatches/{new_id()}/redeliver", ACTING),
    ("GET", "/connections/qg-tthc/deliveries", LOOKING),
    ("GET", f"/connections/qg-tthc/deliveries/{new_id()}", LOOKING),
    ("GET", f"/connections/qg-tthc/deliveries/{new_id()}/rejections.csv", LOOKING),
    ("GET", f"/connections/qg-tthc/deliveries/{new_id()}/proof", LOOKING),
    ("GET", "/connections/qg-tthc/code-map", LOOKING),
    ("PUT", "/connections/qg-tthc/code-map", ACTING),
    ("POST", "/connections/qg-tthc/code-map/test", LOOKING),
    ("GET", "/connections/qg-tthc/pull", LOOKING),
    ("PUT", "/connections/qg-tthc/pull", ACTING),
    ("DELETE", "/connections/qg-tthc/pull", ACTING),
    ("POST", "/connections/qg-tthc/pull/test", ACTING),
    ("POST", "/connections/qg-tthc/pull/run", ACTING),
    ("GET", "/connections/qg-tthc/subscriptions", LOOKING),
    ("PUT", "/connections/qg-tthc/subscriptions", ACTING),
    ("POST", "/connections/qg-tthc/deliveries", set()),
    ("GET", "/connections/qg-tthc/timeline", LOOKING),
    ("POST", "/suspensions", ACTING),
    ("POST", "/suspensions/preview", ACTING),
    ("GET", "/suspensions", LOOKING),
    ("GET", ORDER, LOOKING),
    ("POST", f"{ORDER}/extend", ACTING),
    ("GET", f"{ORDER}/probe", LOOKING),
    ("POST", f"{ORDER}/probe", ACTING),
    ("POST", f"{ORDER}/lift/preview", LOOKING),
    ("POST", f"{ORDER}/lift", ACTING),
    ("POST", f"{ORDER}/lift/approve", ACTING),
    ("GET", "/ledger", LOOKING),
    ("GET", "/ledger/export", LOOKING),
    ("POST", "/ledger/verify", LOOKING),
    ("GET", "/ledger/roots", LOOKING),
]


async def test_every_operation_lets_in_its_roles_and_nobody_else(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    for method, path, roles in OPERATIONS:
        for role in Role:
            answer = await gateway.call(method, path, {}, by=gateway.person(role))
            assert (answer.status_code != 403) is (role in roles), (method, path, role)


async def test_a_system_reaches_its_own_connection_only(gateway: Gateway) -> None:
    stranger = await (await gateway.open("khac")).headers()
    await gateway.open("qg-tthc")
    for method, path, _ in OPERATIONS:
        answer = await gateway.call(method, path, {}, by=stranger)
        assert answer.status_code == 403, (method, path, answer.text)


async def test_the_table_names_every_guarded_operation(gateway: Gateway) -> None:
    document = (await gateway.client.get("/api/connector-gateway/v1/openapi.json")).json()
    guarded = sum(
        bool(operation.get("security"))
        for operations in document["paths"].values()
        for operation in operations.values()
    )
    assert guarded == len(OPERATIONS) + 1, "the other one is acknowledge, open to owners"


@pytest.mark.parametrize("code", ["system", "A B", "x", "-mot", "Hoa"])
async def test_a_code_is_plain_and_not_the_systems_own(gateway: Gateway, code: str) -> None:
    body = {"code": code, "name": "x", "owner_agency": "H01", "owner_email": "a@b.vn"}
    assert (await gateway.call("POST", "/systems", body)).status_code == 422
