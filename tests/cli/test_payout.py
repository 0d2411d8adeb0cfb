"""``layers-pipeline payout``: from a config to a statement, as a person goes about it.

Belongs here: what the commands say and refuse, the three forms of a statement.
Does not belong here: amounts (``tests.transforms``), storage (``tests.operations``).
"""

import csv
import io
import re

import pytest

from layers_pipeline.serving.statements import Statement, StatementLine, rendered
from tests.cli.program import Program
from tests.cli.test_app import captures_file
from tests.worlds.data_builders import AS_OF

HEADER = "platform,account_key,post_key,captured_at,published_at,views"
ROWS = (
    "tiktok,ada,750,2025-05-01T00:00:00Z,2025-04-01T00:00:00Z,5",
    "tiktok,ada,751,2025-05-06T08:55:00Z,2025-05-05T00:00:00Z,1000",
    "tiktok,ada,751,2025-05-15T08:55:00Z,2025-05-05T00:00:00Z,5010",
)
CONFIG = """
configs:
  - project: brand
    effective_from: 2025-05-01
    currency: USD
    base: {mode: prorata, amount_cents: 50000, required_posts: 4}
    bonuses:
      - {basis: organic_views, per_1000_views_cents: 50, cap_per_post_cents: 200}
      - {basis: attributed_spend, share_bps: 500}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A brand that pays ada, whose post an ad showed in May 2025; May is settled."""
    folder = tmp_path_factory.mktemp("payout")
    program = Program(folder / "home")
    captures = captures_file(folder / "captures.csv", *ROWS, header=HEADER)
    program.said("import", "captures", captures, "--project", "brand")
    config = folder / "pay.yaml"
    config.write_text(CONFIG)
    assert "1 configs, 1 of them new" in program.said("payout", "config", "import", config)
    assert "1 configs, 0 of them new" in program.said("payout", "config", "import", config)
    ads = folder / "ads.csv"
    ads.write_text("ad_id,date,spend\na1,2025-05-12,100.10\na2,2025-05-12,3.00\n")
    program.said("import", "ad-metrics", ads, "--platform", "meta")
    program.said("content", "ad", "tiktok:751", "meta:a1", "--project", "brand")
    program.variables["ACCRUED"] = program.said("payout", "accrue")
    said = program.said("payout", "settle", "2025-05", "--project", "brand", "--by", "ann")
    assert said == "Period from 2025-05-01 of 'brand' is settled.\n"
    program.said("publish")
    return program


def test_accruing_says_what_everybody_is_owed(program):
    assert re.search(r"brand +│ tiktok:ada +│ USD +│ 132.00 +│ 0.00", program.variables["ACCRUED"])


def test_configs_are_listed(program):
    said = program.said("payout", "config", "list", "--project", "brand")
    assert re.search(
        r"2025-05-01 .*prorata 500.00 USD for 4 posts .*0.50 USD per 1,000.*5.00 %", said
    )


def test_a_payment_is_noted_and_no_more_than_is_owed(program):
    words = ("payout", "pay", "tiktok:ada", "100.5", "--project", "brand", "--currency", "USD")
    assert program.said(*words, "--reference", "T1") == (
        "Payment T1: 100.50 USD to tiktok:ada noted.\n"
    )
    assert "already" in program.said(*words, "--reference", "T1")
    refused = program.refused(*words, "--reference", "T2")
    assert "100.50 USD is more than what is settled and unpaid: 31.50 USD" in refused
    assert "no amount" in program.refused(
        *("payout", "pay", "x", "1,5", "--project", "brand"),
        *("--currency", "USD", "--reference", "T"),
    )
    assert "31.50" in program.said("payout", "balance", "--project", "brand")


def test_a_statement_has_every_line_with_its_numbers(program):
    said = program.said("payout", "statement", "tiktok:ada", "2025-05", "--project", "brand")
    assert "| base pay |  | 1 of 4 required posts, 500.00 USD by share | 125.00 USD |" in said
    assert "views 0 to 5,010, 0.50 USD per 1,000, 2.00 USD per post at most | 2.00 USD" in said
    assert "5.00 % of 100.10 USD that ads spent | 5.00 USD |" in said


def test_a_statement_as_csv_keeps_numbers_numbers(program):
    said = program.said(
        "payout", "statement", "tiktok:ada", "2025-05-20", "--project", "brand", "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [row["amount"] for row in rows] == ["125.00", "2.00", "5.00"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("settle", "2025-05-40", "--project", "brand"), 2, "write a month such as 2025-05"),
        (("settle", "2025-05", "--project", "nobody"), 3, "'nobody' does not exist"),
        (("statement", "bob", "2025-05", "--project", "brand"), 3, "nothing was ever earned"),
        (("statement", "tiktok:ada", "2024-05", "--project", "brand"), 3, "nothing was accrued"),
        (
            ("config", "set", "--project", "brand", "--from", "2025-05-02", "--currency", "USD"),
            2,
            "no first day",
        ),
        (("config", "import", "absent.yaml"), 2, "No such file"),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy(program, words, code, message):
    assert message in program.refused("payout", *words, code=code)


def test_analysts_see_reports_performance_and_balances(program):
    asked = "select creator_id, spend_cents from creator_report('2025-05-01', '2025-05-31')"
    said = program.said("query", f"{asked} order by all", "--format", "csv")
    assert said == "creator_id,spend_cents\n(unattributed),300\ntiktok:ada,10010\n"
    asked = (
        "select ads_content_id, spend_cents from creative_performance('2025-05-01', '2025-05-31')"
    )
    said = program.said("query", f"{asked} order by all", "--format", "csv")
    assert said == "ads_content_id,spend_cents\nbrand/tiktok:751,10010\n,300\n"
    said = program.said("query", "select accrued_cents from payout_balances", "--format", "csv")
    assert said == "accrued_cents\n13200\n"


def test_a_report_says_what_was_known_at_a_moment(program):
    asked = ("payout", "report", "--from", "2025-05-01", "--to", "2025-05-31", "--project", "brand")
    now = program.said(*asked, "--format", "csv")
    assert re.search(r"^brand,tiktok:ada,USD,1,.*,10010,", now, re.MULTILINE)
    assert re.search("tiktok:ada.* 100.10 ", program.said(*asked))
    # Reports of ads without a time were known when they were imported.
    before = program.said(*asked, "--at", "2025-05-20", "--format", "csv")
    assert "tiktok:ada" in before
    assert "10010" not in before
    refused = program.refused(
        *("payout", "report", "--from", "2025-05-32", "--to", "2025-05-31"), code=2
    )
    assert "write a day such as" in refused


EVIL = "=cmd()|' <script>alert(1)</script> [x](http://evil.example) www.evil.example"


@pytest.mark.parametrize("form", ["markdown", "csv", "html"])
def test_names_and_texts_of_strangers_are_harmless(form):
    line = StatementLine(
        section="earned",
        earned_from=AS_OF.date(),
        rule="ad spend",
        post=EVIL,
        amount_cents=-1234,
        currency="USD",
        in_words=EVIL,
    )
    statement = Statement(
        project_id="brand",
        project_name=EVIL,
        creator_id=EVIL,
        creator_name=EVIL,
        starts_on=AS_OF.date(),
        ends_on=AS_OF.date(),
        status="open",
        lines=(line,),
        totals={"USD": {"owed": 5}},
    )
    said = rendered(statement, form)
    assert "<script>" not in said or form == "csv"
    assert ",=cmd" not in said
    assert "[x](" not in said or form != "markdown"
    assert "-12.34" in said
