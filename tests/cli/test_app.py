"""The command line as people and scripts use it: what it says, refuses and leaves unsaid.

Belongs here: commands of every group that has no file of its own, their exit codes.
Does not belong here: the work behind a command (``tests.steps``).
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import Fault, RunningSandbox, generated_captures, running_sandbox
from tests.cli.program import SECRET, Program, Said
from tests.worlds.homes import begun

HEADER = "platform,account_key,post_key,captured_at,published_at,views,likes,caption"
AT = "2025-05-14T08:55:00Z"
TICK = "2025-05-14-12:00"
KNOWN = "captures.csv"
TRICKY = "=1+1 [red]sale[/red] \x1b[2J\x1b]0;owned\x07 Cà phê 東京"


def captures_file(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def line(
    post: str, *, account: str = "ada", at: str = AT, views: object = 100, caption: str = ""
) -> str:
    text = io.StringIO()
    row = ["tiktok", account, post, at, "2025-05-10T00:00:00Z", views, 7, caption]
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()


@pytest.fixture
def program(tmp_path) -> Program:
    return Program(begun(tmp_path / "home"))


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Program:
    """A brand's four posts and a broken row, and a pool of one: imported, scored, published."""
    folder = tmp_path_factory.mktemp("cli")
    program = Program(begun(folder / "home"))
    posts = [line(f"75{number}", views=views) for number, views in enumerate((60, 400, 5_000))]
    posts += [line("759", views=90, caption=TRICKY), line("")]
    path = captures_file(folder / "captures.csv", *posts)
    program.variables["IMPORTED"] = program.said("import", "captures", path, "--project", "brand")
    alone = captures_file(folder / "alone.csv", line("900", account="bob", views=7_000))
    program.said("import", "captures", alone, "--project", "tiny")
    program.variables["SCORED"] = program.said("score", "--at", TICK)
    return program


# Import


def test_an_import_says_what_it_made_and_counted(published):
    said = published.variables["IMPORTED"]
    assert "Project 'brand' did not exist and was made (time zone UTC)." in said
    assert "captures.csv: 5 rows." in said
    assert "1 set aside in quarantine (platform_post_id|nullability: 1)." in said
    assert "4 posts of 1 accounts, captured 2025-05-14T08:55:00+00:00 to" in said
    assert "New in the lake: 4 posts, 4 snapshots" in said


def test_an_import_of_the_same_file_says_that_nothing_changed(published):
    path = published.home.parent / "captures.csv"
    said = published.said("import", "captures", path, "--project", "brand")
    assert "captures.csv: 5 rows, imported before: nothing changed." in said
    assert "New in the lake: 0 posts, 0 snapshots" in said
    assert "did not exist" not in said


@pytest.mark.parametrize(
    ("name", "lines", "reason"),
    [
        pytest.param("c.csv", [line("7.50E+18")], "rounded by a spreadsheet", id="mangled ids"),
        pytest.param("c.csv", [line("75", at="2025-05-14 08:55")], "--timezone", id="naive times"),
        pytest.param("c.docx", [line("75")], "unknown kind of file", id="unknown suffix"),
        pytest.param("c.csv", [], "has no rows", id="no rows"),
        pytest.param("c.csv", [line("75", at="\x1b[2Jnow")], "none of its", id="escape codes"),
        pytest.param("[red]c.txt", [], "[red]c.txt", id="a name that looks like markup"),
    ],
)
def test_an_import_of_an_unusable_file_is_refused(program, tmp_path, name, lines, reason):
    path = captures_file(tmp_path / name, *lines)
    assert reason in program("import", "captures", path, "--project", "brand").refused()


def test_an_import_of_a_file_that_is_not_there_is_refused(program, tmp_path):
    said = program("import", "captures", tmp_path / "none.csv", "--project", "brand")
    assert "No such file" in said.refused()


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "--account", "tiktok:nobody"),
        ("import", "captures", "none.csv", "--project", "brand"),
        ("import", "captures", __file__, "--project", "brand"),
        ("import", "captures", KNOWN, "--project", "Brand!"),
        ("import", "captures", KNOWN, "--project", "brand", "--timezone", "Mars/Base"),
        ("import", "ad-metrics", "none.csv", "--platform", "meta"),
        ("replay", "--from", "2025-05-15", "--to", "2025-05-14"),
    ],
    ids=["account", "no file", "no such kind", "project", "zone", "no report", "span"],
)
def test_a_mistake_at_the_prompt_is_refused_before_there_is_a_run(program, tmp_path, arguments):
    path = captures_file(tmp_path / KNOWN, line("75"))
    program(*(path if one == KNOWN else one for one in arguments)).refused()
    assert not (program.home / "dagster").exists()


def test_an_import_into_a_badly_named_project_is_refused(program, tmp_path):
    path = captures_file(tmp_path / "c.csv", line("75"))
    assert "Brand!" in program("import", "captures", path, "--project", "Brand!").refused()


# Score and explain


def test_a_scored_tick_is_reported_with_its_file(published):
    assert "Newest of 1 ticks scored (4 score rows)" in published.variables["SCORED"]
    assert re.search(r"2025-05-14-12:00 │ +5 │ +0 │ +1 │ +4 │", published.variables["SCORED"])
    assert "layers-000001.duckdb" in published.variables["SCORED"]


def test_a_range_is_scored_in_one_run(published):
    said = published.said("score", "--from", "2025-05-14-13:00", "--to", "2025-05-15-00:00")
    assert "Newest of 3 ticks scored (12 score rows)" in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(["--at", "yesterday"], "'yesterday' is not of the form", id="no tick"),
        pytest.param(["--at", "2999-01-01-00:00"], "no tick lies in", id="the future"),
        pytest.param(["--at", "2025-05-14-12:01"], "no tick lies in", id="between ticks"),
        pytest.param(["--at", TICK, "--from", TICK], "either --at", id="a tick and a range"),
        pytest.param(["--from", TICK], "both --from and --to", id="a range without end"),
        pytest.param([], "either --at", id="nothing"),
        pytest.param(
            ["--from", "2025-05-14-13:00", "--to", "2025-05-14-14:00"],
            "no tick lies in 2025-05-14-13:00 to 2025-05-14-14:00",
            id="a range without ticks",
        ),
    ],
)
def test_a_tick_that_cannot_be_scored_is_refused(program, options, reason):
    assert reason in program("score", *options).refused()


def test_the_parts_of_an_explanation_add_up(published):
    said = published.said("explain", "752")
    found = re.findall(r"│ ([a-z ]+?) +│ +(-?[0-9.]+) │", said)
    points = {part: float(value) for part, value in found}
    assert points.pop("organic score") == pytest.approx(sum(points.values()), abs=0.03)
    assert set(points) == {"quality", "reach", "outperformance", "freshness", "clamp"}
    # Other tests of this module score later ticks.
    title = r"752 in project brand, pool ugc, tick 2025-05-1\d \d\d:00 UTC, rules version 2\n"
    assert re.search(title, said)
    assert re.search(
        r"\nEligible: its score of \d\.\d\d reaches 4\.0\. Remedy: none needed\.\n", said
    )


def test_the_inputs_of_an_explanation_carry_their_times(published):
    said = published.said("explain", "752")
    assert re.search(r"│ views +│ 5,000; so since 2025-05-14 08:55 +│", said)
    assert re.search(r"│ likes +│ 7, each counts once; so since 2025-05-14 08:55 +│", said)
    assert re.search(r"│ saves +│ unknown: adds nothing +│", said)
    assert re.search(r"│ pool size +│ 4 scorable posts in the pool +│", said)


@pytest.mark.parametrize("post", ["tiktok:752", "brand/tiktok:752"])
def test_a_post_is_explained_by_any_of_its_ids(published, post):
    assert "organic score" in published.said("explain", post)


def test_a_post_without_a_score_says_why_and_what_to_do(published):
    said = published.said("explain", "900", "--project", "tiny")
    assert "Not eligible: never scored, as its pool had 1 scorable post, not 3." in said
    assert "Remedy: more creators, or 3 posts with 50 views" in said
    assert "7,000; so since" in said


def test_a_post_is_explained_as_of_a_tick(published):
    said = published.said("explain", "752", "--at", "2025-05-14-14:00")
    assert "tick 2025-05-14 12:00 UTC" in said
    before = published.said("explain", "752", "--at", "2025-05-14-08:00")
    assert "Not judged: no tick of its project was scored by then. Remedy: score a tick" in before


def test_an_explanation_is_given_to_programs(published):
    (told,) = json.loads(published.said("explain", "752", "--format", "json"))
    points = [piece["points"] for piece in told["score"]]
    assert sum(points[:-1]) == pytest.approx(points[-1], abs=1e-9)
    assert (told["project_id"], set(told["verdict"])) == ("brand", {"eligibility", "remedy"})
    lines = list(csv.DictReader(published.said("explain", "752", "--format", "csv").splitlines()))
    pieces = [*told["score"], *told["inputs"]]
    assert [line["part"] for line in lines] == [
        *(piece["part"] for piece in pieces),
        *told["verdict"],
    ]


def test_what_keeps_a_post_from_running_is_given_to_programs(published):
    (told,) = json.loads(published.said("why", "752", "--format", "json"))
    lines = list(csv.DictReader(published.said("why", "752", "--format", "csv").splitlines()))
    assert [one["blocker"] for one in told["blockers"]] == [line["blocker"] for line in lines]
    assert told["project_id"] == "brand"


@pytest.mark.parametrize("post", ["7", "' or 1=1 --", "[red]"])
def test_an_unknown_post_is_refused(published, post):
    assert f"{post}: no such post" in published("explain", post).refused(code=3)


def test_an_unknown_post_is_refused_with_the_nearest_ids(published):
    assert "Did you mean tiktok:900?" in published("explain", "tiktok:9000").refused(code=3)


def test_a_post_of_another_project_is_refused(published):
    said = published("explain", "752", "--project", "tiny").refused(code=3)
    assert "project 'tiny' never had it. It is of: brand." in said


# Query


def ask(program: Program, sql: str, form: str = "table") -> str:
    return program.said("query", sql, "--format", form)


def test_a_query_is_answered_as_a_table(published):
    said = ask(
        published, "select 1234567 as n, null as nothing, timestamptz '2025-05-14 08:55:00+00'"
    )
    assert "1,234,567" in said
    assert "\N{EN DASH}" in said
    assert "2025-05-14 08:55" in said


def test_a_query_is_answered_as_json(published):
    sql = (
        "select 7 as n, 1.5::double as x, null as z, 'Cà phê' as w, true as b, date '2025-05-14' d"
    )
    expected = {"n": 7, "x": 1.5, "z": None, "w": "Cà phê", "b": True, "d": "2025-05-14"}
    assert json.loads(ask(published, sql, "json")) == [expected]


@pytest.mark.parametrize(
    "value", ["'nan'::double", "'infinity'::double"], ids=["not a number", "infinity"]
)
def test_json_is_json_whatever_the_number(published, value):
    said = ask(published, f"select {value} as x", "json")
    assert json.loads(said, parse_constant=pytest.fail) == [{"x": None}]


def test_a_query_is_answered_as_csv(published):
    sql = "select platform_post_id, views, null as z from platform_posts order by views limit 2"
    assert ask(published, sql, "csv") == "platform_post_id,views,z\n750,60,\n759,90,\n"


def test_instants_carry_their_offset_in_csv_and_json(published):
    sql = "select max(captured_at) as at from platform_post_metrics"
    assert ask(published, sql, "csv") == "at\n2025-05-14 08:55:00+00:00\n"
    assert json.loads(ask(published, sql, "json")) == [{"at": "2025-05-14 08:55:00+00:00"}]


def test_a_caption_stays_text_on_the_screen(published):
    said = ask(published, "select caption from platform_posts where caption is not null")
    assert "[red]sale[/red]" in said
    assert "Cà phê 東京" in said
    assert "\x1b" not in said
    assert "\x07" not in said


RUN_BY_SPREADSHEETS = ("=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1")


def test_a_spreadsheet_runs_nothing_of_a_csv(published):
    values = ", ".join(f"('{value}')" for value in RUN_BY_SPREADSHEETS)
    said = ask(published, f'select text as "=text" from (values {values}) as t(text)', "csv")
    header, *rows = csv.reader(io.StringIO(said, newline=""))
    assert header == ["'=text"]
    assert [row[0] for row in rows] == [f"'{value}" for value in RUN_BY_SPREADSHEETS]


def test_a_spreadsheet_gets_numbers_as_numbers(published):
    said = ask(published, "select -1 as i, -1.5::double as x, -1.25 as d, 'a=1' as t", "csv")
    assert said == "i,x,d,t\n-1,-1.5,-1.25,a=1\n"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("select * from nowhere", "nowhere", id="unknown table"),
        pytest.param("selec 1", "syntax error", id="no SQL"),
        pytest.param("", "one SELECT", id="nothing"),
        pytest.param("select 1; select 2", "one SELECT", id="two questions"),
        pytest.param("delete from platform_posts", "one SELECT", id="a write"),
        pytest.param("create table x as select 1", "one SELECT", id="a table"),
        pytest.param("copy (select 1) to 'x.csv'", "one SELECT", id="a file written"),
        pytest.param(
            "explain analyze copy (select 1) to 'x.csv'", "one SELECT", id="a file explained"
        ),
        pytest.param("attach 'x.duckdb'", "one SELECT", id="another database"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(published, sql, reason):
    assert reason in published("query", sql).refused()
    assert not (published.home.parent / "x.csv").exists()
    assert not (published.home.parent / "x.duckdb").exists()


def test_two_columns_of_one_name_both_come_out(published):
    assert json.loads(ask(published, "select 1 as a, 2 as a", "json")) == [{"a": 1, "a_1": 2}]


# Publish and maintain


def test_publishing_shows_the_new_generation(published):
    first, second = published.said("publish"), published.said("publish")
    numbers = [int(re.match(r"Generation (\d+): ", said).group(1)) for said in (first, second)]
    assert numbers[1] == numbers[0] + 1


def test_maintenance_deletes_nothing_that_is_young_and_leaves_answers_alone(published):
    sql = "select count(*) as posts from platform_posts"
    before = ask(published, sql)
    said = published.said("maintain")
    assert re.search(r"platform_posts +│ +0 │", said)
    assert ask(published, sql) == before


@pytest.mark.parametrize("command", [["query", "select 1"], ["explain", "75"]])
def test_asking_before_anything_was_published_is_refused(program, command):
    assert "nothing was published yet" in program(*command).refused(code=3)


# Projects, creators, settings


def test_a_project_is_made_once_and_listed(program):
    assert "'shop' made" in program.said("project", "add", "shop", "--name", "[b]Shop")
    assert "unchanged" in program.said("project", "add", "shop")
    assert "[b]Shop" in program.said("project", "list")


def test_creators_are_allowed_once(program):
    program.said("project", "add", "shop")
    allow = ("creator", "allow", "tiktok:ada", "instagram:bob", "--project", "shop")
    assert "2 of 2 newly on the allowlist of 'shop'." in program.said(*allow)
    assert "0 of 2 newly on the allowlist of 'shop'." in program.said(*allow)


@pytest.mark.parametrize("account", ["youtube:ada", "tiktok", "tiktok:", "TikTok:ada"])
def test_a_creator_of_another_platform_is_refused(program, account):
    program.said("project", "add", "shop")
    said = program("creator", "allow", "tiktok:bob", account, "--project", "shop")
    assert "unsupported_platform" in said.refused()
    assert "1 of 1 newly" in program.said("creator", "allow", "tiktok:bob", "--project", "shop")


def test_an_unknown_project_is_refused(program):
    said = program("creator", "allow", "tiktok:ada", "--project", "nobody")
    assert "nobody" in said.refused(code=3)


def test_a_project_in_no_time_zone_is_refused(program):
    assert "Mars/Base" in program("project", "add", "x", "--timezone", "Mars/Base").refused()


@pytest.mark.parametrize("when", ["tomorrow", "2025-05-14"])
def test_a_sandbox_at_no_moment_is_refused(program, when):
    assert "--now" in program("sandbox", "--port", "0", "--now", when).refused()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAYERS_TICK_CRON", "every now and then"),
        ("LAYERS_TICK_GRACE_S", "soon"),
        ("LAYERS_FIRST_TICK", "new year"),
    ],
)
@pytest.mark.parametrize("command", [["score", "--at", TICK], ["project", "list"]])
def test_a_bad_setting_is_refused_by_name(program, command, name, value):
    assert f"settings: {name}: " in program(*command, **{name: value}).refused()


def test_an_operational_database_that_is_not_there_is_refused_without_its_password(program):
    url = f"postgresql://layers:{SECRET}@127.0.0.1:1/layers"
    said = program("project", "list", LAYERS_OPERATIONS_URL=url)
    assert "127.0.0.1" in said.refused(code=4)


# Sync


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(
        generated_captures(1, accounts=4, days=2), scrape_duration_s=0, rate=1
    ) as served:
        yield served


@pytest.fixture
def synced(program, sandbox) -> Callable[..., Said]:
    """Syncs of a project with every account of the sandbox on its allowlist."""
    accounts = [f"{ref.platform}:{ref.account_key}" for ref in sandbox.world.dataset.creators]
    program.variables["LAYERS_SIFT_URL"] = sandbox.url
    program.said("project", "add", "shop")
    program.said("creator", "allow", *accounts, "--project", "shop")

    def sync(depth: str, *, key: str = sandbox.key.get_secret_value()) -> Said:
        return program("sync", "--depth", depth, LAYERS_SIFT_KEY=key)

    return sync


def test_a_sync_asks_for_scrapes_and_collects_them(synced, program):
    assert "4 accounts: 4 ok." in synced("quick").out
    assert "0 accounts: none was due." in synced("quick").out
    assert "4 accounts: 4 ok." in synced("posts").out
    program.said("publish")
    assert "0" not in ask(program, "select count(*) > 0 as some from platform_posts", "csv")


def test_a_full_sync_without_oauth_accounts_has_nothing_to_do(synced):
    assert "0 accounts: none was due." in synced("full").out


def test_what_failed_in_a_sync_is_printed(synced, sandbox):
    private, *_ = sandbox.world.dataset.creators
    sandbox.world.faults.put(private, Fault(kind="private"))
    said = synced("quick")
    sandbox.world.faults.clear(private)
    assert "4 accounts: " in said.out
    assert "1 forbidden" in said.out
    assert f"- {private.platform}:{private.account_key}: forbidden: sift: HTTP 403" in said.out


def test_a_sync_in_which_every_account_failed_is_refused(synced):
    refused = synced("quick", key="a-wrong-key").refused(code=6)
    assert "every one of 4 accounts failed" in refused
    assert "set LAYERS_SIFT_KEY" in refused
    assert "a-wrong-key" not in refused


def test_trouble_on_the_network_is_one_line(synced, program):
    said = program("sync", LAYERS_SIFT_URL="http://127.0.0.1:1").refused(code=6)
    assert "every one of 4 accounts failed" in said
    assert "127.0.0.1" in said
