"""The numbers that alarms and dashboards speak of are those that a running hub tells."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.layout import ROOT, WEB
from tests.support.hub import the_hub

FOLDER = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
BOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
FROM_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(?:hub|process)_[a-z_]+|\bup\b")


def expressions() -> dict[str, str]:
    """Return every expression of alarms and dashboards, by what it is for."""
    found = {rule["alert"]: str(rule["expr"]) for rule in RULES}
    for path in BOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                found[f"{path.stem}: {panel['title']} {target['refId']}"] = target["expr"]
    return found


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Return the names and labels of everything that the parts of a hub tell."""
    hub = the_hub("demo").hub
    found: dict[str, set[str]] = {}
    for part in WEB:
        text = httpx.get(f"http://127.0.0.1:{hub.port_of(part)}/metrics").text
        for family in text_string_to_metric_families(text):
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
            for suffix in suffixes.get(family.type, ("",)):
                found.setdefault(family.name + suffix, set())
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("purpose", expressions())
def test_an_expression_is_promql_and_speaks_of_what_the_hub_tells(
    purpose: str, told: dict[str, set[str]]
) -> None:
    expression = expressions()[purpose]
    promql_parser.parse(expression)
    names = set(NAME.findall(expression)) - FROM_PROMETHEUS
    assert names <= told.keys()


def test_every_metric_of_the_hub_stands_on_a_dashboard(told: dict[str, set[str]]) -> None:
    shown = {name for text in expressions().values() for name in NAME.findall(text)}
    stems = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}
    own = {name for name in told if name.startswith("hub_") and not name.endswith("_created")}
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in own} <= stems


@pytest.mark.parametrize("alarm", [rule["alert"] for rule in RULES])
def test_every_alarm_has_its_line_in_the_runbook(alarm: str) -> None:
    assert f"`{alarm}`" in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")


def test_the_scraper_asks_every_part_that_tells() -> None:
    asked = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    services = {
        one["labels"]["service"] for job in asked["scrape_configs"] for one in job["static_configs"]
    }
    assert services == set(WEB)
    assert {Path(name).name for name in asked["rule_files"]} == {"rules.yml"}
