"""Who may do what: transactions, reads, the purity of the domain (`house-style.md` §3, §4, §12)."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

from contracts.topics import ALL, TOPICS
from tests.support.sources import (
    ROOT,
    files,
    imported,
    in_domains,
    in_services,
    modules,
    name_of,
)

SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
SESSION_MOVES = {"commit", "rollback", "sessionmaker", "async_sessionmaker", "create_async_engine"}
CLOCKS_AND_DICE = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "now",
    "uuid1",
    "uuid4",
    "uuid7",
    "uuid.uuid4",
    "new_id",
    "os.environ",
    "os.getenv",
}
NOT_FOR_DOMAINS = re.compile(
    r"(fastapi|faststream|aiokafka|httpx|asyncpg|psycopg|aiosmtplib|pydantic_settings)\b"
    r"|sqlmodel\.ext\.asyncio|sqlalchemy\.ext\.asyncio|\w+\.settings\b"
    r"|chassis\.(?!errors\b|\w+\.[A-Z_]+$)"
)
TOPIC = re.compile(rf"(?<![\w.-])({'|'.join(ALL)})\.[a-z]+(-[a-z]+)*\.v\d+(?![\w.-])")


def test_no_service_opens_or_ends_a_transaction_itself() -> None:
    found = [
        module.at(node, name)
        for module in in_services()
        for node in module.nodes
        if isinstance(node, ast.Attribute | ast.Name)
        and (name := name_of(node).rsplit(".", 1)[-1]) in SESSION_MOVES
    ]
    assert not found, "chassis.database.transaction is the only place"


def test_only_queries_select() -> None:
    found = [
        module.at(call)
        for module in in_services()
        if module.inside[0] not in {"queries", "queries.py"}
        for call in module.calls()
        if name_of(call.func) in {"select", "sqlmodel.select", "sqlalchemy.select"}
    ]
    assert not found, "a read belongs to queries"


def test_domains_know_neither_clock_nor_dice_nor_environment() -> None:
    found = [
        module.at(node, name)
        for module in in_domains()
        for node in module.nodes
        if isinstance(node, ast.Attribute | ast.Name | ast.Call)
        and (name := _read(node)) in CLOCKS_AND_DICE
    ]
    assert not found, "the moment and the id are arguments"


def _read(node: ast.Attribute | ast.Name | ast.Call) -> str:
    """Return what is called or read; a parameter that is called ``now`` is no clock."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return name_of(node) if isinstance(node, ast.Attribute) else ""


def test_domains_import_no_network_no_session_and_no_settings() -> None:
    found = [
        module.at(node, name)
        for module in in_domains()
        for node, name in imported(module)
        if NOT_FOR_DOMAINS.match(name)
    ]
    assert not found


def test_services_know_each_other_only_by_contracts() -> None:
    packages = {name.replace("-", "_") for name in ALL}
    found = [
        module.at(node, name)
        for module in in_services()
        for node, name in imported(module)
        if (top := name.split(".")[0]) in packages and top not in module.path.parts
    ]
    assert not found


def test_chassis_and_contracts_have_no_noun_of_a_service() -> None:
    packages = {name.replace("-", "_") for name in ALL}
    found = [
        module.at(node, name)
        for module in modules("chassis", "contracts")
        for node, name in imported(module)
        if name.split(".")[0] in packages
    ]
    assert not found


def test_contracts_need_pydantic_and_nothing_else_from_outside() -> None:
    allowed = {"contracts", "pydantic", "pydantic_core"} | sys.stdlib_module_names
    found = [
        module.at(node, name)
        for module in modules("contracts/src")
        for node, name in imported(module)
        if name.split(".")[0] not in allowed
    ]
    assert not found


def test_a_topic_name_is_written_in_one_place() -> None:
    found = [
        module.at(text, text.value)
        for module in modules("contracts", "chassis", "services", "deploy", "tests")
        if module.name != "contracts/src/contracts/topics.py"
        for text in module.strings()
        if isinstance(text.value, str) and TOPIC.search(text.value)
    ]
    assert not found, "import it from contracts.topics"


def test_no_configuration_types_a_topic_again() -> None:
    names = [topic.name for topic in TOPICS]
    found = [
        path.relative_to(ROOT)
        for path in files()
        if path.suffix in {".yaml", ".yml", ".toml", ".sh", ".json", ".properties"}
        and "contracts" not in path.relative_to(ROOT).parts
        and any(name in path.read_text(encoding="utf-8", errors="replace") for name in names)
    ]
    assert not found, "deploy makes topics from contracts.topics"


def test_imports_stand_at_the_top() -> None:
    found = [module.at(node) for module in modules() for node in inside(module.tree)]
    assert not found


def inside(part: ast.AST, *, is_scope: bool = False) -> Iterator[ast.AST]:
    """Yield every import below a function or a class."""
    for node in ast.iter_child_nodes(part):
        if isinstance(node, ast.Import | ast.ImportFrom):
            if is_scope:
                yield node
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from inside(node, is_scope=is_scope or isinstance(node, SCOPES))


def test_services_catch_only_what_they_can_act_on() -> None:
    found = [
        module.at(node)
        for module in in_services()
        for node in module.nodes
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or name_of(node.type) in {"Exception", "BaseException"})
    ]
    assert not found


def test_the_import_rules_have_no_exceptions() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = rules["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 3
    assert not any("ignore_imports" in contract for contract in contracts)
