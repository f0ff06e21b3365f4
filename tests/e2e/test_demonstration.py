"""The demonstration runs the main job on 192 communes and checks every promise on its way."""

import re
import subprocess
import sys

from tests.support.hub import the_hub
from tests.support.keeper import ROOT


def test_the_demonstration_keeps_every_promise() -> None:
    hub = the_hub("demo")
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.demo"],
        cwd=ROOT,
        env=hub.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-2000:]
    [trace] = re.findall(r"ID=([0-9a-f]{32})", answer.stdout)
    tree = hub.run("trace", trace).stdout
    for span in (
        "send connector-gateway.delivery.received.v1",
        "take connector-gateway.delivery.received.v1",
        "send submissions.delivery.processed.v1",
        "take submissions.delivery.processed.v1",
        "consolidate",
        "take submissions.consolidation.forwarded.v1",
        "send webhook",
    ):
        assert span in tree, f"{span} is missing in\n{tree}"
