"""Alert rules over figures: which there are, and which fire on given figures.

Belongs here: reading the rules, asking Prometheus' own promtool where it is installed.
Does not belong here: figures and what they should mean (``test_watching``, ``alert_states``).
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.pages import ROOT

RULES = ROOT / "deploy/prometheus/rules.yml"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
]
PROMTOOL = os.environ.get("LAYERS_PROMTOOL") or shutil.which("promtool")
LOOKED_AT_M = 180
"""Minutes: in promtool time begins at 0, and it is looked this much later."""
needs_promtool = pytest.mark.skipif(
    "LAYERS_LONG_TESTS" not in os.environ or not PROMTOOL,
    reason="set LAYERS_LONG_TESTS, and LAYERS_PROMTOOL to Prometheus' promtool, to run it",
)


def standing(text: str, *, now: datetime) -> list[tuple[str, str]]:
    """Series of figures that stay as they are, with instants moved so that promtool's now is now.

    Args:
        text: As Prometheus reads it.
        now: The moment that is taken for the present.
    """
    moved = LOOKED_AT_M * 60 - now.timestamp()
    return [
        (_series(one.name, one.labels), f"{value:.3f}+0x{LOOKED_AT_M}")
        for family in text_string_to_metric_families(text)
        for one in family.samples
        for value in [one.value + (moved if "timestamp_seconds" in one.name else 0)]
    ]


def _series(name: str, labels: dict[str, str]) -> str:
    named = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{named}}}"


def require_firing(
    series: Iterable[tuple[str, str]], fires: Sequence[str], *, within: str, folder: Path
) -> None:
    """Let promtool find that of the alerts that a pattern names exactly these fire."""
    asked = f'group by (alertname) (ALERTS{{alertstate="firing",alertname=~"{within}"}})'
    test = {
        "rule_files": [str(RULES)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series],
                "promql_expr_test": [
                    {
                        "expr": asked,
                        "eval_time": f"{LOOKED_AT_M}m",
                        "exp_samples": [
                            {"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires
                        ],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(test), "utf-8")
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
