"""Watching a deployment: figures, alerts and panels over them, log records of runs.

Belongs here: a deployment that synced and scored, as Prometheus and a collector of logs see it.
Does not belong here: findings with remedies (``test_doctor``), who may ask the dashboard.
"""

import json
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from layers_pipeline import logs
from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.operations.api_calls import CallsMade
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import Dataset, Fault, generated_captures, running_sandbox
from tests.cli.alert_rules import ALERTS, needs_promtool, require_firing, standing
from tests.cli.alert_states import HOURS, STATES, break_a_log, sql
from tests.cli.program import Program, Said
from tests.cli.test_sync import talking_to
from tests.pages import ROOT
from tests.steps.ingest.fault_world import TOKEN_KEY, account, account_id, cipher, connect, items_of

PHOTOS, VIDEOS = account("instagram", 0), account("tiktok", 1)
NOW = datetime.now(UTC).replace(microsecond=0)
CREATORS = generated_captures(3, accounts=4, days=2, start=NOW - timedelta(days=2))
CREATOR = "{0.platform}:{0.account_key}".format(CREATORS.accounts[0])
PANELS = json.loads((ROOT / "deploy/grafana/layers.json").read_text("utf-8"))["panels"]
EXPRESSIONS = {
    **{rule["alert"]: rule["expr"] for rule in ALERTS},
    **{
        f"{panel['title']} {query['refId']}": query["expr"]
        for panel in PANELS
        for query in panel.get("targets", [])
    },
}
NAME = re.compile(r"layers_[a-z0-9_]+")
ANCHOR = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass
class Watched(Program):
    """A deployment that has worked, what it logged meanwhile, and its tokens."""

    logged: Said = field(kw_only=True, default=Said(0, "", ""))
    tokens: list[str] = field(kw_only=True, default_factory=list)


@contextmanager
def opened(program: Program, now: datetime) -> Iterator[Stores]:
    settings = Settings(
        home=program.home,
        token_keys=TOKEN_KEY,
        tick_grace_s=0,
        sift_url=program.variables["LAYERS_SIFT_URL"],
        sift_key=SecretStr(program.variables["LAYERS_SIFT_KEY"]),
    )
    stores = open_stores(settings, clock=FixedClock(now))
    yield stores
    stores.operations.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A creator was scraped, of two accounts one is not permitted, and two ticks were scored."""
    items = [one for number, ref in enumerate((PHOTOS, VIDEOS)) for one in items_of(ref, number)]
    made = Watched(tmp_path_factory.mktemp("watched") / "home")
    first, second = NOW + timedelta(hours=1), NOW + timedelta(hours=5)
    with running_sandbox(CREATORS | Dataset(items), now=NOW, rate=1, scrape_duration_s=0) as served:
        made.variables = talking_to(served)
        with opened(made, NOW) as stores:
            stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=NOW)
            connect(stores, served, PHOTOS, VIDEOS)
            for ref in (PHOTOS, VIDEOS):
                token = stores.operations.tokens.get(account_id(ref), cipher())
                made.tokens.append(token.access.get_secret_value())
        made.said("creator", "allow", CREATOR, "--project", "brand")
        with opened(made, datetime.now(UTC)) as stores:
            submit_scrapes(stores, worker="w")
            collect_scrapes(stores, worker="w", run_id="w")
        served.world.faults.put(PHOTOS, Fault(kind="list:permission_10"))
        made.logged = made("sync", LAYERS_LOG_FORMAT="json")
    with opened(made, second) as stores:
        list(score_ticks(stores, [first, second]))
        publish(stores)
        told = CallsMade(api="instagram", calls=5, app_used_ratio=0.4, account_used_ratio=0.2)
        stores.operations.api_calls.add(told, now=NOW)
    return made


@pytest.fixture
def copied(watched: Watched, tmp_path: Path) -> Watched:
    """The same deployment, to be damaged."""
    home = tmp_path / "home"
    shutil.copytree(watched.home, home)
    return Watched(home, watched.variables)


def figures(program: Program, **variables: str) -> dict[tuple[str, ...], float]:
    """Samples by name and values of labels, in the labels' order."""
    rows = json.loads(program("metrics", "--format", "json", **variables).out)
    return {(row["metric"], *row["labels"].values()): row["value"] for row in rows}


# --- figures


def test_every_store_is_told_in_figures(watched):
    found = figures(watched)
    failed = ("layers_account_syncs", "instagram", "oauth", "quick", "forbidden")
    assert found[failed] == 1
    assert found["layers_accounts", "instagram", "external", "active"] == 1
    assert found["layers_job_runs_total", "quick_sync", "succeeded"] == 1
    assert found["layers_job_last_memory_bytes", "derivation"] > 50_000_000
    assert found["layers_api_calls_total", "instagram"] == 6
    assert found["layers_api_calls_total", "sift"] >= 3
    assert found["layers_api_usage_ratio", "instagram", "app"] == 0.4
    assert found["layers_tick_interval_seconds",] == 4 * 3600
    assert found["layers_published_generation",] >= 1
    assert found["layers_table_rows", "projects"] == 1
    assert found["layers_table_commits_total", "projects"] == (
        found["layers_table_version", "projects"] + 1
    )
    assert {value for key, value in found.items() if key[0] == "layers_scrape_error"} == {0}


def test_names_are_as_prometheus_wants_them(watched):
    families = list(text_string_to_metric_families(watched.said("metrics")))
    units = ("_seconds", "_bytes", "_ratio", "_timestamp_seconds")
    counters = [one.name for one in families if one.type == "counter"]
    assert [one.name for one in families if not re.fullmatch(r"layers_[a-z_]+", one.name)] == []
    assert [one.name for one in families if not one.documentation] == []
    assert {"layers_job_runs", "layers_api_calls", "layers_table_commits"} <= set(counters)
    timed = [one.name for one in families if re.search("duration|age|memory|size", one.name)]
    assert [name for name in timed if not name.endswith(units)] == ["layers_api_usage_limit"][1:]


def test_projects_and_accounts_are_named_only_where_that_is_wanted(watched):
    shown, named = figures(watched), figures(watched, LAYERS_METRICS_PER_ACCOUNT="true")
    name = account_id(VIDEOS)
    assert not [key for key in shown if name in key or "brand" in key]
    assert ("layers_account_last_success_timestamp_seconds", name, "quick") in named
    assert ("layers_freshness_timestamp_seconds", "scores", "brand") in named
    assert ("layers_freshness_timestamp_seconds", "scores", "") in shown


def test_a_damaged_table_leaves_every_other_figure(copied):
    before = figures(copied)
    break_a_log(copied.home)
    found = figures(copied)
    failed = {key[1] for key in found if key[0] == "layers_scrape_error" and found[key]}
    assert failed == {f"table {catalog.PROJECTS.name}"}
    lost = {key for key in before.keys() - found.keys() if "projects" not in key}
    assert lost == set()


def test_a_damaged_database_leaves_the_lake_and_the_file(copied):
    (copied.home / "operations.db").write_bytes(b"no database" * 1000)
    found = figures(copied)
    failed = {key[1] for key in found if key[0] == "layers_scrape_error" and found[key]}
    assert failed == {"accounts", "syncs", "tokens", "jobs", "calls", "refusals"}
    assert found["layers_table_rows", "projects"] == 1


def test_a_look_makes_nothing(tmp_path):
    program = Program(tmp_path / "home")
    found = figures(program)
    assert found["layers_scrape_error", "accounts"] == 1
    assert not program.home.exists()


# --- alerts and panels


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_is_promql(expression):
    assert promql_parser.parse(expression)


def test_alerts_and_panels_ask_for_figures_that_there_are(watched):
    text = watched.said("metrics")
    there = {name.split(" ")[2] for name in text.splitlines() if name.startswith("# TYPE")}
    asked = {name for expression in EXPRESSIONS.values() for name in NAME.findall(expression)}
    assert asked - there == set()


def test_every_alert_says_what_is_the_matter_and_leads_to_what_to_do():
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in ANCHOR.findall(page)}
    for rule in ALERTS:
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert rule["annotations"]["summary"]
        assert (path, anchor in headings) == ("docs/operations.md", True), rule["alert"]


def test_the_dashboard_of_grafana_asks_the_source_that_is_chosen():
    shown = [panel for panel in PANELS if panel["type"] != "row"]
    sources = {one["datasource"]["uid"] for panel in shown for one in (panel, *panel["targets"])}
    assert sources == {"${datasource}"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


@needs_promtool
def test_no_alert_fires_where_all_is_well(copied, tmp_path):
    mend(copied)
    well = standing(copied.said("metrics"), now=datetime.now(UTC))
    require_firing(well, [], within="Layers.*", folder=tmp_path)


@needs_promtool
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.alert)
def test_an_alert_fires_on_a_store_in_its_state(copied, tmp_path, state):
    mend(copied)
    state.change(copied.home)
    now = datetime.now(UTC) + state.later
    bad = standing(copied("metrics").out, now=now)
    require_firing(bad, [state.alert], within=state.alert, folder=tmp_path)


@needs_promtool
@pytest.mark.parametrize(("alert", "series"), HOURS, ids=lambda value: str(value)[:20])
def test_an_alert_fires_on_what_happens_over_hours(tmp_path, alert, series):
    require_firing(series, [alert], within=alert, folder=tmp_path)


def test_every_alert_has_a_state_in_which_it_fires():
    tried = {state.alert for state in STATES} | {alert for alert, _ in HOURS}
    assert tried == {rule["alert"] for rule in ALERTS}


def mend(program: Watched) -> None:
    """Let the account that is not permitted have been read, and ticks lie in the past."""
    sql(
        "update account_sync_states set last_outcome = 'ok', last_success_at = last_finished_at "
        "where last_outcome = 'forbidden'"
    )(program.home)


# --- logs


def test_a_run_logs_lines_of_json_with_run_and_account(watched):
    lines = [json.loads(line) for line in watched.logged.err.splitlines()]
    ended = {one["account_id"]: one for one in lines if one["message"].endswith("account ended")}
    began = next(one for one in lines if one["message"] == "run began")
    assert (began["job"], began["level"]) == ("quick_sync", "INFO")
    video = ended[account_id(VIDEOS)]
    assert (video["run_id"], video["job"]) == (began["run_id"], "quick_sync")
    assert (video["outcome"], video["source"], video["project_id"]) == ("ok", "tiktok", "brand")
    assert ended[account_id(PHOTOS)]["outcome"] == "forbidden"
    assert len({one["run_id"] for one in lines}) == 2
    assert [one["succeeded"] for one in lines if one["message"] == "run ended"] == [True, True]


def test_a_command_says_what_it_says_without_the_lines(watched):
    assert re.search(r"OAuth, read: 2 accounts: 1 \w+, 1 \w+\.\n", watched.logged.out)
    assert "run began" not in watched.logged.out


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_shows_a_token_key_or_password(watched, capsys, form):
    key, url = "key-nobody-may-see", "postgresql://layers:hunter2-hunter2@db/layers"
    settings = Settings(
        log_format=form, sift_key=SecretStr(key), operations_url=url, token_keys=TOKEN_KEY
    )
    secrets = [*watched.tokens, key, "hunter2-hunter2", TOKEN_KEY.get_secret_value()]
    log = logging.getLogger("layers_pipeline.somewhere")
    with logs.written(settings), logs.about(account_id="tiktok:ada", run_id="r1"):
        for secret in secrets:
            log.info("asked with %s", secret, extra={"said": f"https://x/?access_token={secret}"})
            refused = ValueError(f'no: "{secret}"')
            log.error("it failed", exc_info=refused)
    told = capsys.readouterr().err
    assert told.count("tiktok:ada") == told.count("r1") == 2 * len(secrets)
    assert [secret for secret in secrets if secret in told + watched.logged.err] == []


def test_text_goes_to_nobody_at_a_terminal(watched, capsys):
    with logs.written(Settings(), to_people=True):
        logging.getLogger("layers_pipeline.somewhere").info("an account was read")
    assert capsys.readouterr().err == ""
