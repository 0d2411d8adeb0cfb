"""Why a content is not running: every blocker in order, in words, as of any tick.

Belongs here: the macro ``why_not_running`` over a published file, and its records.
Does not belong here: the command (``tests/cli``), which blocker applies (``tests/transforms``).
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.layers import NewAdSet, NewLayer
from layers_pipeline.operations.rights import RightOf
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores
from tests.cli.program import Program
from tests.worlds.data_builders import allow, capture, hours, land, later, make_stores, score
from transforms.selection.blockers import BLOCKER_WORDS, FACTS, BlockerWords
from transforms.sql import sql_of
from transforms.vocabulary import BLOCKERS

TICKS = [hours(0), hours(4), hours(8), hours(12)]
LAYER = NewLayer(
    layer_id="brand-tt", project_id="brand", ad_platform="tiktok", mode="byo", ad_account_id="1"
)
RIGHT = RightOf(
    project_id="brand", kind="account_authorisation", subject="account", subject_id="tiktok:ada"
)


@dataclass(frozen=True)
class Published:
    """A published file, asked as of a tick."""

    path: Path

    def why(self, post: str, at: int = 3) -> list[tuple]:
        question = "select place, blocker, status from why_not_running(?, ?::timestamptz)"
        return self._asked(question, post, at)

    def said(self, post: str, at: int = 3) -> list[tuple]:
        question = "select words, remedy from why_not_running(?, ?::timestamptz)"
        return self._asked(question, post, at)

    def _asked(self, question: str, post: str, at: int) -> list[tuple]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.sql(question, params=[post, TICKS[at].isoformat()]).pl().rows()


def life(stores: Stores) -> None:
    """Four ticks: no layer yet; a right; an ad that is paused, and then runs; a broken login."""
    allow(stores, "ada")
    allow(stores, "bob", project="other")
    land(later(stores, hours(-1)), [
        *(capture(f"p{one}", views=100 * one * one, likes=9 * one**3) for one in range(1, 6)),
        capture("few", views=7, published_at=hours(-2000)),
        capture("bobs", views=900, account_key="bob"),
    ], job="first")  # fmt: skip
    score(later(stores, TICKS[0]), TICKS[:1])
    then = hours(1)
    operations = stores.operations
    sets = [NewAdSet(layer_id="brand-tt", ad_set_id="7", name="n", slots_ugc=1)]
    operations.layers.state([LAYER], sets, changed_by="ann", now=then)
    operations.verdicts.approve("brand/tiktok:few", "pending", changed_by="ann", now=then)
    score(later(stores, TICKS[1]), TICKS[1:2])
    operations.rights.grant(
        RIGHT, starts_at=then, ends_at=hours(30), changed_by="ann", now=hours(5)
    )
    problem = {
        "account_id": "tiktok:ada",
        "known_at": hours(5),
        "fails": True,
        "outcome": "unavailable",
        "problem": "it did not answer",
        "remedy": "wait",
    }
    problems = pl.DataFrame([problem], schema=dict(catalog.SYNC_PROBLEMS.empty().schema))
    stores.lake.insert_absent(catalog.SYNC_PROBLEMS, problems)
    score(later(stores, TICKS[2]), TICKS[2:3])
    for at, status in ((9, "PAUSED"), (10, "ACTIVE")):
        row = dict.fromkeys(catalog.AD_STATES.columns) | {
            "ad_platform": "tiktok",
            "ad_id": f"ad{at}",
            "ad_account_id": "1",
            "ad_set_id": "7",
            "status": status,
            "is_running": status == "ACTIVE",
            "is_deleted": False,
            "shows_platform": "tiktok",
            "shows_post_id": {"PAUSED": "p4", "ACTIVE": "p5"}[status],
            "known_at": hours(at),
            "run_id": "r",
        }
        rows = pl.DataFrame([row], schema=dict(catalog.AD_STATES.empty().schema))
        stores.lake.insert_absent(catalog.AD_STATES, rows)
    score(later(stores, TICKS[3]), TICKS[3:])


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    stores = make_stores(tmp_path_factory.mktemp("why"), now=hours(-2))
    life(stores)
    found = publish(later(stores, TICKS[-1] + timedelta(hours=1)))
    yield Published(found.path)
    stores.operations.close()


@pytest.mark.parametrize(
    ("post", "tick", "status", "blockers"),
    [
        ("p5", 0, "blocked", ["no_layer"]),
        ("p5", 1, "blocked", ["right_missing"]),
        ("p5", 2, "picked", ["not_launched"]),
        ("p5", 3, "running", [None]),
        ("p4", 2, "blocked", ["slots_full"]),
        ("few", 0, "blocked", ["below_min_views", "no_layer"]),
        (
            "few",
            1,
            "blocked",
            ["account_sync", "below_min_views", "approval_pending", "right_missing"],
        ),
        (
            "few",
            3,
            "blocked",
            ["account_sync", "below_min_views", "approval_pending", "slots_full"],
        ),
        ("bobs", 3, "blocked", ["pool_too_small", "no_layer"]),
        ("nothing", 3, "blocked", ["unknown_id"]),
    ],
)
def test_blockers_are_those_of_the_tick_in_order(published, post, tick, status, blockers):
    found = published.why(post, tick)
    assert [blocker for _, blocker, _ in found] == blockers
    assert [place for place, _, _ in found] == list(range(1, len(blockers) + 1))
    assert {one for _, _, one in found} == {status}


def test_words_name_what_is_meant_and_remedies_what_to_do(published):
    (missing,) = published.said("p5", 1)
    assert missing == (
        "no right to run it is known for layer brand-tt",
        "ask the creator, then: layers-pipeline content right grant spark_code post:tiktok:p5"
        " --project brand",
    )
    sync, *_ = published.said("few", 3)
    assert sync == ("the account tiktok:ada is not synced (it did not answer)", "wait")
    (runs,) = published.said("p5", 3)
    assert runs == ("it runs: tiktok ad10 (ACTIVE)", "none needed")


def test_the_command_says_it_in_order(published):
    program = Program(published.path.parents[1])
    said = program.said("why", "few", "--project", "brand")
    assert "few in project brand, tick 2025-05-15 00:00 UTC: blocked" in said
    places = [said.index(word) for word in ("account_sync", "below_min_views", "slots_full")]
    assert places == sorted(places)
    earlier = program.said("why", "brand/tiktok:p5", "--at", "2025-05-14-16:00", "--format", "csv")
    assert "right_missing" in earlier
    assert "never had it" in program.refused("why", "p5", "--project", "other", code=3)
    assert "Check the id" in program.refused("why", "nothing", code=3)


def test_every_blocker_has_words_and_a_remedy_that_always_fit():
    assert tuple(BLOCKER_WORDS) == BLOCKERS
    # The facts of content of a project that has a layer and an ad set are always known.
    known = {"project", "container", "tick", "pool", "layer", "ad_set"}
    loose = {
        key
        for key, one in BLOCKER_WORDS.items()
        for sentences in (one.words, one.remedies)
        if not any(set(_named(text)) <= known for text in sentences)
    }
    assert loose == set()


def _named(text: str) -> list[str]:
    return [piece.partition("}")[0] for piece in text.split("{")[1:]]


def test_a_sentence_that_names_no_fact_cannot_be():
    with pytest.raises(ValueError, match="which are no facts"):
        BlockerWords(key="deleted", words=("it is {gone}",), remedies=("none",))


def test_the_facts_are_those_that_the_macro_knows():
    text = sql_of("macros", "blocker_facts")
    assert all(f"'{fact}':" in text for fact in FACTS)
