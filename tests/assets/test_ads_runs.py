"""Ad accounts from the command line to the lake: connected, read by a job, shown, never leaked.

Belongs here: the commands and the job on a real Dagster instance, lake and sandbox.
Does not belong here: single faults (``tests.steps.ingest``), what rows mean (``tests.transforms``).
"""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.cli.app import main
from layers_pipeline.cli.runs import open_runner
from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import RunFailedError
from layers_pipeline.lake import catalog
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import open_stores
from tests.steps.ingest.ads_world import AT, accounts_of, ads_sandbox, put_fault, truth
from tests.steps.ingest.fault_world import TOKEN_KEY
from tests.worlds.data_builders import rows_of


@pytest.fixture(scope="module")
def served():
    with ads_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def tokens(served, tmp_path, monkeypatch):
    """A home with two ad accounts, connected by the command; their tokens."""
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("LAYERS_TOKEN_KEYS", TOKEN_KEY.get_secret_value())
    monkeypatch.setenv("LAYERS_META_ADS_URL", served.url)
    monkeypatch.setenv("LAYERS_ADS_FIRST_DAYS", "10")
    served.world.faults.clear()
    command("project", "add", "brand")
    found = []
    for ref in accounts_of(served, "meta"):
        found.append(served.issue(ref, life=timedelta(days=900)).access)
        monkeypatch.setenv("LAYERS_TOKEN", found[-1])
        command("ads", "connect", f"meta:act_{ref.account_key}", "--project", "brand")
    return found


def command(*words: str) -> int:
    try:
        main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_job_lands_derives_and_checks_and_no_token_is_anywhere(served, tokens, capsys):
    settings = load_settings()
    with open_runner(settings) as runner:
        made = runner.run("ads_sync", now=AT)
    assert made["ads_readings"]["outcomes"] == {"ok": 2}
    stores = open_stores(settings, clock=FixedClock(AT))
    daily = rows_of(stores, catalog.AD_DAILY_METRICS)
    states = rows_of(stores, catalog.AD_STATES)
    for ref in accounts_of(served, "meta"):
        today = served.world.ads.account(ref).day_of(AT)
        told = truth(served, ref, today - timedelta(days=10), today)
        own = states.filter(pl.col("ad_account_id") == ref.account_key)["ad_id"].to_list()
        spent = daily.filter(pl.col("ad_id").is_in(own))["spend_cents"].sum()
        assert spent == sum(row[0] for row in told.values())
    assert set(states["status"]) > {"ACTIVE", "ARCHIVED"}
    assert rows_of(stores, catalog.AD_ACCOUNT_DAYS)["spend_gap_cents"].unique().to_list() == [0]
    stores.operations.close()
    capsys.readouterr()
    assert command("ads", "accounts") == 0
    shown = capsys.readouterr().out
    assert "JPY" in shown
    files = [path for path in Path(settings.root).parent.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files) + shown.encode()
    assert not any(token.encode() in kept for token in tokens)


def test_a_job_whose_every_account_fails_is_no_fresh_one(served, tokens):
    for ref in accounts_of(served, "meta"):
        put_fault(served, ref, "permission_200")
    with open_runner(load_settings()) as runner, pytest.raises(RunFailedError, match="permission"):
        runner.run("ads_sync", now=AT)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ads", "connect", "meta:abc", "--project", "brand"), 2),
        (("ads", "connect", "facebook:1", "--project", "brand"), 2),
        (("ads", "connect", "meta:1", "--project", "nobody"), 3),
        (("ads", "pause", "meta:1"), 3),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(tokens, words, code):
    assert command(*words) == code
