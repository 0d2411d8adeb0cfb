"""Files of payout configs: what they say, and every way in which they may be wrong.

Belongs here: reading YAML, the JSON Schema beside it.
Does not belong here: storing configs (``tests.operations``), the command (``tests.cli``).
"""

import json
from datetime import date

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.payout_configs import PayoutTerms
from layers_pipeline.steps.pay.config_files import SCHEMA, read_payout_configs
from tools.payout_schema import as_text

WHOLE = """
configs:
  - project: brand
    effective_from: 2025-05-01
    currency: USD
    base: {mode: prorata, amount_cents: 50000, required_posts: 4}
    bonuses:
      - {basis: organic_views, per_1000_views_cents: 50, cap_per_post_cents: 200, cap_cents: 900}
      - {basis: attributed_spend, share_bps: 250}
      - {basis: conversions, each_cents: 100, cap_cents: 1000}
    cap_cents: 100000
    note: Spring
  - {project: other, effective_from: 2025-05-05, period: week, currency: JPY}
"""


def read(tmp_path, text):
    path = tmp_path / "pay.yaml"
    path.write_text(text, encoding="utf-8")
    return read_payout_configs(path)


def test_a_file_says_what_projects_pay(tmp_path):
    assert read(tmp_path, WHOLE) == [
        (
            "brand",
            PayoutTerms(
                effective_from=date(2025, 5, 1),
                period="month",
                currency="USD",
                base_mode="prorata",
                base_amount_cents=50_000,
                required_posts=4,
                per_1000_views_cents=50,
                views_cap_per_post_cents=200,
                views_cap_cents=900,
                spend_share_bps=250,
                conversion_cents=100,
                conversions_cap_cents=1000,
                cap_cents=100_000,
                note="Spring",
            ),
        ),
        ("other", PayoutTerms(effective_from=date(2025, 5, 5), period="week", currency="JPY")),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("share_bps: 250", "share_bps: 2.5", "valid integer", id="float"),
        pytest.param("share_bps: 250", "share_bps: '250'", "valid integer", id="text"),
        pytest.param("share_bps: 250", "share_bps: yes", "valid integer", id="truth"),
        pytest.param("share_bps: 250", "share: 5", "Extra inputs", id="unknown word"),
        pytest.param("amount_cents: 50000", "amount_cents: -1", "greater than", id="negative"),
        pytest.param("currency: USD", "currency: usd", "match pattern", id="currency"),
        pytest.param("basis: conversions", "basis: likes", "'likes'", id="basis"),
        pytest.param(
            "note: Spring", "note: Spring\n    note: May", "'note' comes twice", id="twice"
        ),
        pytest.param("2025-05-01", "soon", "effective_from", id="no date"),
        pytest.param("configs:", "configs: {", "Mend the file", id="no YAML"),
        pytest.param(
            "basis: attributed_spend, share_bps",
            "basis: conversions, each_cents",
            "conversions comes twice",
            id="basis twice",
        ),
        pytest.param(WHOLE, "configs: []", "at least 1 item", id="nothing"),
        pytest.param(WHOLE, "!!python/object/apply:os.system ['true']", "Mend the file", id="code"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, old, new, message):
    with pytest.raises(InputRefusedError, match=message) as refused:
        read(tmp_path, WHOLE.replace(old, new, 1))
    assert "pay.yaml" in str(refused.value)


def test_the_schema_beside_the_code_is_the_one_that_checks():
    assert SCHEMA.read_text(encoding="utf-8") == as_text(), (
        "Make it anew: .venv/bin/python -m tools.payout_schema"
    )
    assert json.loads(as_text())["properties"]["configs"]["minItems"] == 1
