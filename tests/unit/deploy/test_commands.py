"""What the commands of the embedded hub refuse before they touch anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.__main__ import app
from deploy.scenario import Scenario


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["up", "--scenario", "demos"], {}), (["up"], {"SCENARIO": "demos"})],
    ids=["option", "environment"],
)
def test_unknown_scenario_is_refused_by_name_and_nothing_starts(
    words: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    home = tmp_path / "hub"
    answer = CliRunner().invoke(app, words, env=environment | {"HUB_HOME": str(home)})
    assert answer.exit_code == 2
    said = " ".join(answer.output.replace("│", " ").split())
    assert f"'demos' is not one of {', '.join(map(repr, map(str, Scenario)))}." in said
    assert not home.exists()
