"""Content, ad sets, rights and ads to select from: rows with all columns filled in.

Belongs here: rows of frames, strategies that draw them.
Does not belong here: assertions, the right answer (``tests.oracles.selection``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars as pl
from hypothesis import strategies as st

from tests.worlds.data_builders import AS_OF, hours
from transforms.contracts.selection import ContentRights
from transforms.facts.rights import rights_at
from transforms.selection.picks import select_content
from transforms.vocabulary import POOLS

INSTANT = pl.Datetime("us", "UTC")
CONTENT = {
    "ads_content_id": pl.String,
    "project_id": pl.String,
    "scoring_pool": pl.String,
    "platform": pl.String,
    "platform_post_id": pl.String,
    "is_eligible": pl.Boolean,
    "reason": pl.String,
    "organic_score": pl.Float64,
    "rules_version": pl.String,
    "scored_at": INSTANT,
    "made_at": INSTANT,
    "is_deleted": pl.Boolean,
    "override": pl.String,
    "approval": pl.String,
    "account_id": pl.String,
    "creator_id": pl.String,
    "sync_fails": pl.Boolean,
}
AD_SETS = {
    "layer_id": pl.String,
    "ad_set_id": pl.String,
    "project_id": pl.String,
    "ad_platform": pl.String,
    "mode": pl.String,
    "capacity": pl.Int64,
    "slots_generated": pl.Int64,
    "slots_ugc": pl.Int64,
    "slots_manual": pl.Int64,
}
ADS = {
    "ad_platform": pl.String,
    "ad_set_id": pl.String,
    "ads_content_id": pl.String,
    "is_running": pl.Boolean,
}


def post(name: str = "p", **changes) -> dict:
    """An eligible TikTok post of Mia's."""
    project = changes.get("project_id", "brand")
    row = dict.fromkeys(CONTENT) | {
        "ads_content_id": f"{project}/tiktok:{name}",
        "project_id": project,
        "scoring_pool": "ugc",
        "platform": "tiktok",
        "platform_post_id": name,
        "is_eligible": True,
        "reason": "score",
        "organic_score": 5.0,
        "rules_version": "2",
        "scored_at": AS_OF,
        "made_at": hours(-48),
        "is_deleted": False,
        "account_id": "tiktok:mia",
        "creator_id": "mia",
        "sync_fails": False,
    }
    return row | changes


def creative(name: str = "c", pool: str = "generated", **changes) -> dict:
    """An eligible creative, which needs no right."""
    project = changes.get("project_id", "brand")
    none = dict.fromkeys(("platform", "platform_post_id", "account_id", "creator_id"))
    own = {"ads_content_id": f"{project}/{pool}:{name}", "scoring_pool": pool}
    return post(name, **(none | own | changes))


def ad_set(name: str = "1", **changes) -> dict:
    """An ad set of a TikTok layer with the slots that R44 names."""
    slots = dict.fromkeys(("slots_generated", "slots_ugc", "slots_manual"), 3)
    row = {"layer_id": "brand-tiktok", "ad_set_id": name, "project_id": "brand"}
    return row | {"ad_platform": "tiktok", "mode": "agency", "capacity": 10} | slots | changes


def right(**changes) -> dict:
    """An authorisation of Mia's account that holds for a year."""
    row = {"project_id": "brand", "kind": "account_authorisation", "subject": "account"}
    row |= {"subject_id": "tiktok:mia", "known_at": hours(-24 * 90), "is_revoked": False}
    row |= {"starts_at": hours(-24 * 90), "ends_at": hours(24 * 275), "source": "person"}
    return row | {"note": None, "changed_by": "ann"} | changes


def ad(content: str | None, **changes) -> dict:
    """An ad that runs in the ad set."""
    row = {"ad_platform": "tiktok", "ad_set_id": "1", "ads_content_id": content}
    return row | {"is_running": True} | changes


def frame(rows: Iterable[dict], schema: dict) -> pl.LazyFrame:
    return pl.DataFrame(list(rows), schema=schema).lazy()


def selected(
    contents: Sequence[dict],
    *,
    ad_sets: Sequence[dict] = (),
    rights: Sequence[dict] = (),
    ads: Sequence[dict] = (),
    at: datetime = AS_OF,
) -> dict[tuple[str, str, str], dict]:
    """What is selected, by layer, ad set and content; one ad set and Mia's right by default."""
    histories = frame(rights or [right()], dict(ContentRights.create_empty().schema))
    picks = select_content(
        frame(contents, CONTENT),
        ad_sets=frame(ad_sets or [ad_set()], AD_SETS),
        rights=rights_at(histories, as_of=at),
        ads=frame(ads, ADS),
    ).collect()
    key = ("layer_id", "ad_set_id", "ads_content_id")
    return {tuple(row[name] for name in key): row for row in picks.iter_rows(named=True)}


REASONS = (
    ("score", True),
    ("included", True),
    ("excluded", False),
    ("below_threshold", False),
    ("safety_failed", False),
    ("never_scored", False),
)


@st.composite
def worlds(draw, *, projects: Sequence[str] = ("brand", "other")) -> dict[str, list[dict]]:
    """Contents, ad sets, rights and ads of two projects."""
    contents = [
        row
        for project in projects
        for number in range(draw(st.integers(0, 9)))
        for row in [_content(draw, project, number)]
    ]
    ad_sets = [
        ad_set(
            f"{project}{number}",
            layer_id=f"{project}-{number}",
            project_id=project,
            ad_platform=draw(st.sampled_from(["meta", "tiktok"])),
            mode=draw(st.sampled_from(["agency", "byo"])),
            capacity=draw(st.integers(1, 6) | st.just(50)),
            **{f"slots_{pool}": draw(st.integers(0, 3)) for pool in POOLS},
        )
        for project in projects
        for number in range(draw(st.integers(0, 2)))
    ]
    shown = [None, *(row["ads_content_id"] for row in contents)]
    ads = [
        ad(
            draw(st.sampled_from(shown)),
            ad_platform=draw(st.sampled_from(["meta", "tiktok"])),
            ad_set_id=draw(st.sampled_from([row["ad_set_id"] for row in ad_sets] or ["1"])),
            is_running=draw(st.booleans()),
        )
        for _ in range(draw(st.sampled_from([0, 2, 5, 48])))
    ]
    rights = [_right(draw, projects, number) for number in range(draw(st.integers(1, 8)))]
    return {"contents": contents, "ad_sets": ad_sets, "rights": rights, "ads": ads}


def _content(draw, project: str, number: int) -> dict:
    reason, is_eligible = draw(st.sampled_from([REASONS[0], REASONS[0], *REASONS]))
    score = draw(st.sampled_from([None, 0.0, 3.9, 4.0, 7.0, 7.0, 9.5]))
    common = {
        "project_id": project,
        "is_eligible": is_eligible,
        "reason": reason,
        "organic_score": score,
        "made_at": draw(st.sampled_from([None, hours(-48), hours(-96)])),
        "is_deleted": draw(st.sampled_from([False, False, True])),
        "override": draw(st.sampled_from([None, "exclude"])),
        "approval": draw(st.sampled_from([None, None, "approved", "pending", "rejected"])),
    }
    kind = draw(st.sampled_from(["tiktok", "instagram", "generated", "manual"]))
    if kind in ("generated", "manual"):
        return creative(f"{number}", kind, **common)
    who = draw(st.sampled_from(["mia", "leo"]))
    own = {"ads_content_id": f"{project}/{kind}:{number}", "platform": kind}
    return post(f"{number}", **own, account_id=f"{kind}:{who}", creator_id=who, **common)


def _right(draw, projects: Sequence[str], number: int) -> dict:
    kinds = ("branded_content", "account_authorisation", "agency_assignment", "byo_grant")
    kind = draw(st.sampled_from([*kinds, "spark_code"]))
    subject, subject_id = draw(
        st.sampled_from(
            [
                ("creator", "mia"),
                ("creator", "leo"),
                ("account", "tiktok:mia"),
                ("account", "instagram:leo"),
                ("post", "tiktok:1"),
                ("post", "instagram:2"),
            ]
        )
    )
    ends = draw(st.sampled_from([None, hours(-1), hours(0), hours(1)]))
    return right(
        project_id=draw(st.sampled_from(list(projects))),
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        # No two changes of a right are known at one moment.
        known_at=hours(draw(st.integers(-80, 2)) + number / 100),
        starts_at=draw(st.sampled_from([hours(-200), hours(-200), hours(0.5)]))
        if ends is None
        else hours(-200),
        ends_at=ends,
        is_revoked=draw(st.sampled_from([False, False, True])),
    )
