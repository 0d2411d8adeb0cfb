"""What people and ad platforms do with ads in a month, and what stood of it at a tick.

Belongs here: layers, rights, approvals and ads at random moments; looking histories up row by row.
Does not belong here: what is selected (``tests.oracles.selection``), assertions.
"""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.operations.layers import NewAdSet, NewLayer
from layers_pipeline.operations.rights import RightOf
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import hours, later, rows_of
from tests.worlds.month import CONTENT, DAYS, Event, Month

LAYERS = (
    NewLayer(layer_id="b-tt", project_id="brand", ad_platform="tiktok", mode="agency",
             ad_account_id="1"),
    NewLayer(layer_id="b-meta", project_id="brand", ad_platform="meta", mode="byo",
             ad_account_id="2"),
    NewLayer(layer_id="o-tt", project_id="other", ad_platform="tiktok", mode="byo",
             ad_account_id="3"),
)  # fmt: skip
PLATFORM_OF = {row.layer_id: row.ad_platform for row in LAYERS}
RIGHTS = (
    ("brand", "account_authorisation", "account", "tiktok:ada"),
    ("brand", "agency_assignment", "creator", "tiktok:bob"),
    ("brand", "spark_code", "post", "tiktok:p3"),
    ("brand", "branded_content", "account", "instagram:eve"),
    ("brand", "byo_grant", "post", "instagram:i1"),
    ("other", "byo_grant", "creator", "tiktok:bob"),
)


class AdMonth(Month):
    """The month of ``test_backfill``, and what people and ad platforms do in it with ads."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.arrange(later(self.stores, hours(0)), 0)

    def events(self) -> list[Event]:
        often = {"permit": 24, "approve": 40, "launch": 30, "arrange": 8}
        more = [
            (hours(self.dice.uniform(0.1, 24 * DAYS)), what, number)
            for what, count in often.items()
            for number in range(count)
        ]
        return sorted([*super().events(), *more])

    def permit(self, stores: Stores, number: int) -> None:
        """A right is granted for some time, or taken back."""
        now = stores.clock.now()
        right = RightOf(**dict(zip(("project_id", "kind", "subject", "subject_id"),
                                   RIGHTS[number % len(RIGHTS)], strict=True)))  # fmt: skip
        stores.operations.rights.grant(
            right,
            starts_at=now + timedelta(hours=self.dice.choice((-50, 0, 9))),
            ends_at=self.dice.choice((None, now + timedelta(hours=self.dice.uniform(10, 30)))),
            changed_by="p",
            now=now,
        )
        if self.dice.random() < 0.3:
            stores.operations.rights.revoke(right, changed_by="p", now=now)

    def approve(self, stores: Stores, number: int) -> None:
        """An approval; minds change."""
        word = self.dice.choice(("approved", "pending", "rejected", "not_required"))
        stores.operations.verdicts.approve(
            self.dice.choice(CONTENT), word, changed_by="a", now=stores.clock.now()
        )

    def arrange(self, stores: Stores, number: int) -> None:
        """Layers come, ad sets change."""
        now = stores.clock.now()
        layer = LAYERS[number % len(LAYERS)]
        sets = [
            NewAdSet(
                layer_id=layer.layer_id,
                ad_set_id=f"{layer.layer_id}-{place}",
                name="n",
                capacity=self.dice.choice((2, 10)),
                slots_ugc=self.dice.choice((1, 3)),
                needs_creatives=self.dice.random() < 0.8,
            )
            for place in range(2)
        ]
        stores.operations.layers.state([layer], sets, changed_by="l", now=now)

    def launch(self, stores: Stores, number: int) -> None:
        """An ad is seen on its platform, running or not; it was made or stopped meanwhile."""
        layer = self.dice.choice(LAYERS)
        posts = {"tiktok": ("p0", "p3", "p5"), "meta": ("i1", "i2", "zz")}[layer.ad_platform]
        shows = self.dice.choice((None, *posts))
        row = dict.fromkeys(catalog.AD_STATES.columns) | {
            "ad_platform": layer.ad_platform,
            "ad_id": f"ad{number % 9}",
            "ad_account_id": layer.ad_account_id,
            "ad_set_id": f"{layer.layer_id}-{self.dice.randrange(2)}",
            "status": "ACTIVE",
            "is_running": self.dice.random() < 0.6,
            "is_deleted": self.dice.random() < 0.2,
            "shows_platform": shows
            and {"tiktok": "tiktok", "meta": "instagram"}[layer.ad_platform],
            "shows_post_id": shows,
            "known_at": stores.clock.now(),
            "run_id": "r",
        }
        rows = pl.DataFrame([row], schema=dict(catalog.AD_STATES.empty().schema))
        stores.lake.insert_absent(catalog.AD_STATES, rows)


def stood_at(stores: Stores, tick: datetime) -> tuple[list[dict], list[dict], list[dict]]:
    """What stood at a tick, looked up row by row in the histories."""
    operations = stores.operations
    judged = rows_of(stores, catalog.AD_ELIGIBILITY).filter(scored_at=tick).to_dicts()
    posts = {
        (row["platform"], row["platform_post_id"]): row
        for row in rows_of(stores, catalog.PLATFORM_POSTS).iter_rows(named=True)
    }
    absences = rows_of(stores, catalog.POST_ABSENCES).to_dicts()
    made = {
        f"{row.project_id}/{row.container_id}": row.created_at for row in operations.creatives.all()
    }
    approvals = _newest(operations.verdicts.approvals(), tick, "ads_content_id")
    overrides = _newest(operations.verdicts.overrides(), tick, "ads_content_id")
    contents = []
    for row in judged:
        post = posts.get((row["platform"], row["platform_post_id"]))
        account = post and f"{row['platform']}:{post['account_key']}"
        approval = approvals.get((row["ads_content_id"],))
        override = overrides.get((row["ads_content_id"],))
        contents.append(
            row
            | {
                "made_at": post["published_at"] if post else made[row["ads_content_id"]],
                "is_deleted": any(_is_gone(absence, row, tick) for absence in absences),
                "account_id": account,
                "creator_id": account,
                "approval": approval and approval.approval,
                "override": override and override.override,
            }
        )
    layers = _newest(operations.layers.all(), tick, "layer_id")
    ad_sets = [
        vars(row) | {name: getattr(layers[row.layer_id,], name)
                     for name in ("project_id", "ad_platform", "mode")}
        for row in _newest(operations.layers.ad_sets(), tick, "layer_id", "ad_set_id").values()
        if row.needs_creatives
    ]  # fmt: skip
    return contents, ad_sets, _ads(stores, tick, {row["ads_content_id"] for row in judged})


def _ads(stores: Stores, tick: datetime, known: set[str]) -> list[dict]:
    ads: dict[tuple[str, str], dict] = {}
    for row in rows_of(stores, catalog.AD_STATES).sort("known_at").iter_rows(named=True):
        if row["known_at"] <= tick:
            project = "other" if row["ad_account_id"] == "3" else "brand"
            shows = f"{project}/{row['shows_platform']}:{row['shows_post_id']}"
            linked = _newest(stores.operations.ads.all(), tick, "ad_platform", "ad_id")
            link = linked.get((row["ad_platform"], row["ad_id"]))
            of_link = link.ads_content_id if link else ""
            by_link = of_link if of_link.startswith(f"{project}/") else None
            row["ads_content_id"] = shows if shows in known else by_link
            ads[row["ad_platform"], row["ad_id"]] = row
    return [row for row in ads.values() if not row["is_deleted"]]


def _newest(history, tick: datetime, *key: str) -> dict:
    return {tuple(getattr(row, name) for name in key): row
            for row in history if row.known_at <= tick}  # fmt: skip


def _is_gone(absence: dict, row: dict, tick: datetime) -> bool:
    of_post = [absence[name] == row[name] for name in ("platform", "platform_post_id")]
    since, until = absence["confirmed_at"], absence["returned_at"]
    return all(of_post) and bool(since and since <= tick) and (until is None or until > tick)
