"""Selection: every combination of gates, slots, and laws that hold for any world.

Belongs here: tests of the pure transform.
Does not belong here: ticks and stores (``tests/steps/score``), words (``test_blockers``).
"""

from itertools import product
from random import Random

import polars as pl
import pytest
from hypothesis import given

from tests.hypothesis_profiles import examples
from tests.oracles.selection import select
from tests.worlds.data_builders import AS_OF, hours
from tests.worlds.selections import ad, ad_set, creative, post, right, selected, worlds
from transforms.scoring.eligibility import eligibility_reason
from transforms.scoring.reasons import ELIGIBLE
from transforms.scoring.rules import ACTIVE

THE_POST = ("brand-tiktok", "1", "brand/tiktok:p")
RIGHTS = {
    "held": {},
    "missing": {"subject_id": "tiktok:leo"},
    "expired": {"ends_at": AS_OF},
    "revoked": {"is_revoked": True},
    "not_begun": {"starts_at": hours(1)},
}
CASES = list(
    product(
        (False, True),  # safety failed
        (None, "include", "exclude"),
        (3.9, 4.0),  # the score's sides of the threshold
        (None, "not_required", "approved", "pending", "rejected"),
        RIGHTS,
        (False, True),  # deleted
        (False, True),  # already running
        (False, True),  # slots full
    )
)


def expected(case: tuple) -> tuple[bool, bool, str | None]:
    """Eligible, picked and blocked by, straight from R40, R42, R43 and R44."""
    unsafe, override, score, approval, rights, deleted, running, full = case
    not_eligible = [
        (unsafe, "safety_failed"),
        (override == "exclude", "excluded"),
        (override is None and score < 4.0, "below_threshold"),
    ]
    gates = [
        (approval in ("pending", "rejected"), f"approval_{approval}"),
        (rights != "held", f"right_{rights}"),
        (deleted, "deleted"),
        (running, "already_running"),
        (full, "slots_full"),
    ]
    eligible = not any(holds for holds, _ in not_eligible)
    blocked_by = next((word for holds, word in [*not_eligible, *gates] if holds), None)
    return eligible, blocked_by is None, blocked_by


def judged(cases: list[tuple]) -> list[tuple[bool, str]]:
    """What the eligibility of the package says of every case."""
    rows = pl.DataFrame(
        {
            "safety_failed": [case[0] for case in cases],
            "override": [case[1] for case in cases],
            "organic_score": [0.0 if case[0] else case[2] for case in cases],
            "unscored_reason": ["safety_failed" if case[0] else None for case in cases],
            "scorable": [9] * len(cases),
        }
    )
    reasons = rows.select(eligibility_reason(ACTIVE)).to_series().to_list()
    return [(reason in ELIGIBLE, reason) for reason in reasons]


def world_of(number: int, case: tuple, verdict: tuple[bool, str]) -> dict[str, list[dict]]:
    """A project of its own for a case: the post, its right, an ad set and what runs in it."""
    unsafe, override, score, approval, rights, deleted, running, full = case
    project = f"b{number}"
    the_post = post(
        project_id=project,
        is_eligible=verdict[0],
        reason=verdict[1],
        override=override,
        organic_score=0.0 if unsafe else score,
        approval=approval,
        is_deleted=deleted,
    )
    fillers = [post(f"f{one}", project_id=project, organic_score=1.0) for one in range(3)]
    shown = [*(fillers if full else ()), *([the_post] if running else ())]
    there = ad_set(f"{number}", layer_id=project, project_id=project)
    return {
        "contents": [the_post, *fillers],
        "ad_sets": [there],
        "rights": [right(project_id=project, **RIGHTS[rights])],
        "ads": [ad(row["ads_content_id"], ad_set_id=f"{number}") for row in shown],
    }


def test_every_combination_of_gates_gives_what_the_rules_say():
    all_worlds = [
        world_of(number, case, verdict)
        for number, (case, verdict) in enumerate(zip(CASES, judged(CASES), strict=True))
    ]
    together = {
        name: [row for world in all_worlds for row in world[name]] for name in all_worlds[0]
    }
    picks = selected(together.pop("contents"), **together)
    eligible = [verdict[0] for verdict in judged(CASES)]
    found = {
        case: (
            eligible[number],
            picks[f"b{number}", f"{number}", f"b{number}/tiktok:p"]["is_picked"],
            picks[f"b{number}", f"{number}", f"b{number}/tiktok:p"]["blocked_by"],
        )
        for number, case in enumerate(CASES)
    }
    assert found == {case: expected(case) for case in CASES}


@pytest.mark.parametrize(
    ("changes", "blocked_by", "also"),
    [
        ({}, None, []),
        ({"is_eligible": False, "reason": "views_unknown"}, "views_unknown", []),
        (
            {"is_eligible": False, "reason": "excluded", "organic_score": 3.0},
            "excluded",
            ["below_threshold"],
        ),
        ({"is_eligible": False, "reason": "safety_failed", "override": "exclude"},
         "safety_failed", ["excluded"]),
        ({"approval": "pending", "is_deleted": True}, "approval_pending", ["deleted"]),
        ({"account_id": "tiktok:leo", "is_deleted": True}, "right_missing", ["deleted"]),
    ],
    ids=["clear", "eligibility", "below-too", "excluded-too", "approval-first", "rights-first"],
)  # fmt: skip
def test_the_first_blocker_and_all_others_are_named(changes, blocked_by, also):
    found = selected([post(**changes)])[THE_POST]
    assert (found["blocked_by"], found["also_blocked_by"]) == (blocked_by, also)


@pytest.mark.parametrize(
    ("layer", "kind", "subject", "clears"),
    [
        ("tiktok agency", "spark_code", "post tiktok:p", True),
        ("tiktok agency", "spark_code", "post tiktok:q", False),
        ("tiktok byo", "account_authorisation", "account tiktok:mia", True),
        ("tiktok agency", "agency_assignment", "account tiktok:mia", True),
        ("tiktok byo", "agency_assignment", "account tiktok:mia", False),
        ("tiktok byo", "byo_grant", "creator mia", True),
        ("tiktok agency", "byo_grant", "creator mia", False),
        ("tiktok agency", "branded_content", "creator mia", False),
        ("meta agency", "branded_content", "creator mia", True),
        ("meta agency", "branded_content", "post instagram:p", True),
        ("meta byo", "spark_code", "post instagram:p", False),
    ],
)
def test_one_right_of_the_right_kind_clears(layer, kind, subject, clears):
    ad_platform, mode = layer.split()
    platform = {"meta": "instagram", "tiktok": "tiktok"}[ad_platform]
    account = {"account_id": "tiktok:mia"} if ad_platform == "tiktok" else {}
    content = post(platform=platform, ads_content_id=f"brand/{platform}:p", **account)
    for_what, subject_id = subject.split()
    given_right = right(kind=kind, subject=for_what, subject_id=subject_id)
    sets = [ad_set(ad_platform=ad_platform, mode=mode)]
    (found,) = selected([content], ad_sets=sets, rights=[given_right]).values()
    assert found["is_picked"] == clears


def test_of_several_rights_the_best_counts():
    rights = [right(ends_at=hours(-1)), right(kind="agency_assignment", subject="creator",
                                              subject_id="mia")]  # fmt: skip
    assert selected([post()], rights=rights)[THE_POST]["is_picked"]
    assert selected([post()], rights=rights[:1])[THE_POST]["blocked_by"] == "right_expired"


def test_a_right_counts_as_it_was_known():
    granted = right(known_at=hours(-5))
    revoked = right(known_at=hours(-1), is_revoked=True)
    picked = [
        selected([post()], rights=[granted, revoked], at=hours(moment))[THE_POST]["is_picked"]
        for moment in (-6, -5, -2, -1)
    ]
    assert picked == [False, True, True, False]


def test_a_layer_considers_creatives_and_posts_of_its_platform():
    contents = [creative(), post(), post("i", ads_content_id="brand/instagram:i",
                                         platform="instagram")]  # fmt: skip
    assert {key[2] for key in selected(contents)} == {"brand/generated:c", "brand/tiktok:p"}


def test_ties_go_to_the_newer_and_then_by_id():
    contents = [
        post("old", made_at=hours(-99)),
        post("b", made_at=hours(-1)),
        post("a", made_at=hours(-1)),
        post("unknown", made_at=None),
    ]
    ranks = {key[2]: row["rank"] for key, row in selected(contents).items()}
    assert ranks == {
        "brand/tiktok:a": 1,
        "brand/tiktok:b": 2,
        "brand/tiktok:old": 3,
        "brand/tiktok:unknown": 4,
    }


def test_each_pool_has_its_slots_and_the_ad_set_its_capacity():
    contents = [
        row(f"{number}", *more, organic_score=9.0 - number)
        for row, more in ((post, ()), (creative, ("generated",)), (creative, ("manual",)))
        for number in range(4)
    ]
    found = selected(contents, ad_sets=[ad_set(capacity=8)])
    picked = sorted(key[2] for key, row in found.items() if row["is_picked"])
    assert picked == [
        "brand/generated:0",
        "brand/generated:1",
        "brand/generated:2",
        "brand/manual:0",
        "brand/manual:1",
        "brand/tiktok:0",
        "brand/tiktok:1",
        "brand/tiktok:2",
    ]
    blocked = {key[2]: row["blocked_by"] for key, row in found.items() if not row["is_picked"]}
    assert blocked["brand/manual:2"] == "capacity_full"
    assert blocked["brand/manual:3"] == blocked["brand/tiktok:3"] == "slots_full"


def test_what_runs_takes_slots_and_what_is_paused_takes_the_platforms_room_only():
    running = [ad("brand/tiktok:r"), ad(None)]
    paused = [ad(None, is_running=False) for _ in range(47)]
    contents = [post("r"), post("a", organic_score=9.0), post("b", organic_score=8.0)]
    found = selected(contents, ad_sets=[ad_set(slots_ugc=3)], ads=[*running, *paused])
    assert {key[2]: (row["blocked_by"], row["slot"]) for key, row in found.items()} == {
        "brand/tiktok:r": ("already_running", None),
        "brand/tiktok:a": (None, 2),
        "brand/tiktok:b": ("platform_full", None),
    }


def shapes(found: dict) -> dict:
    names = ("is_picked", "rank", "slot", "blocked_by", "also_blocked_by")
    return {key: {name: row[name] for name in names} for key, row in found.items()}


def picks_of(world: dict[str, list[dict]]) -> dict:
    others = {name: rows for name, rows in world.items() if name != "contents"}
    sets = others.pop("ad_sets") or [ad_set("none", project_id="nobody")]
    return shapes(selected(world["contents"], ad_sets=sets, **others))


@given(world=worlds())
@examples(1)
def test_a_slow_and_plain_answer_is_the_same(world):
    found = picks_of(world)
    told = select(*(world[name] for name in ("contents", "ad_sets", "rights", "ads")), at=AS_OF)
    assert found == told


@given(world=worlds())
@examples(0.5)
def test_the_order_of_rows_does_not_matter(world):
    dice = Random(1)
    shuffled = {name: dice.sample(rows, len(rows)) for name, rows in world.items()}
    assert picks_of(shuffled) == picks_of(world)


@given(world=worlds())
@examples(0.5)
def test_slots_capacity_and_the_platforms_limit_hold(world):
    found = selected(world["contents"], ad_sets=world["ad_sets"] or [ad_set()],
                     rights=world["rights"], ads=world["ads"])  # fmt: skip
    for one in world["ad_sets"]:
        inside = [
            row
            for row in world["ads"]
            if (row["ad_platform"], row["ad_set_id"]) == (one["ad_platform"], one["ad_set_id"])
        ]
        running = sum(row["is_running"] for row in inside)
        picked = [
            row
            for key, row in found.items()
            if row["is_picked"] and key[:2] == (one["layer_id"], one["ad_set_id"])
        ]
        pools = [row["scoring_pool"] for row in picked]
        assert all(pools.count(pool) <= one[f"slots_{pool}"] for pool in set(pools))
        assert not picked or running + len(picked) <= one["capacity"]
        assert not picked or len(inside) + len(picked) <= 50


@given(world=worlds(), changed=worlds(projects=("other",)))
@examples(0.5)
def test_a_change_in_one_project_changes_nothing_in_another(world, changed):
    def of_brand(rows):
        return [row for row in rows if row.get("project_id", "brand") != "other"]

    mixed = {
        name: of_brand(world[name]) + [row for row in changed[name] if row.get("project_id")]
        for name in ("contents", "ad_sets", "rights")
    }
    # Ad sets are a project's own, so what runs in others' is not looked at.
    mine = {row["ad_set_id"] for row in of_brand(world["ad_sets"])}
    mixed["ads"] = [row for row in world["ads"] if row["ad_set_id"] in mine] + changed["ads"]
    brand = {key: row for key, row in picks_of(world).items() if key[2].startswith("brand/")}
    again = {key: row for key, row in picks_of(mixed).items() if key[2].startswith("brand/")}
    assert again == brand
