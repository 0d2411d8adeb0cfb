"""The demo's second half: from score to ad to creator.

Belongs here: a layer, rights, pay and an ad account for the demo's project; what came of them.
Does not belong here: syncs and scores (``demo``), the sandbox (handed over).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import duckdb
from pydantic import SecretStr

from layers_pipeline.cli.runs import Runner
from layers_pipeline.cli.terminal import console, print_table, say
from layers_pipeline.clock import FixedClock
from layers_pipeline.operations.ad_account_rows import NewAdAccount
from layers_pipeline.operations.layers import NewAdSet, NewLayer
from layers_pipeline.operations.payout_configs import PayoutTerms, period_start
from layers_pipeline.operations.rights import RightOf
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.progress import report
from layers_pipeline.serving.statements import rendered
from layers_pipeline.settings import Settings
from layers_pipeline.steps.pay.statements import statement_of
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.vocabulary import AdPlatform, Platform

LAYER: Final = "demo-layer"
BY: Final = "demo"
NO_LEAVE: Final = (4, 9)
ONE_DAY: Final = 6
"""Places among twelve creators: of those who gave no leave, and of who gave it for a day."""
AFTER_SYNC: Final = timedelta(minutes=20)
PER_1000_VIEWS, CAP_PER_POST, SPEND_SHARE_BPS = 150, 50_000, 800
"""1.50 dollars for a thousand views, 500 at most for a post; eight hundredths of the ad spend."""
NEXT: Final = ("layers-pipeline layer list", "layers-pipeline payout balance --project demo")
BLOCKERS: Final = """
    select
        coalesce(blocked_by, 'picked') as "picked, or blocked by",
        count(*) as content,
        max(organic_score) as "highest score"
    from ad_selections
    where scored_at = (select max(scored_at) from ad_selections) and ad_set_id = $ad_set
    group by blocked_by
    order by blocked_by is not null, content desc, blocked_by
"""
NOT_RUNNING: Final = """
    select platform_post_id
    from content_status
    where scored_at = (select max(scored_at) from content_status)
        and project_id = $project and status = 'blocked' and platform_post_id is not null
    order by blocked_by = 'right_missing' desc, platform_post_id
    limit 1
"""
WHY: Final = "select place, blocker, words, remedy from why_not_running($post)"
EARNED: Final = """
    select
        creator_id as creator,
        posts_synced as posts,
        posts_from_threshold as "posts from 4.0",
        views_change as "views gained",
        currency,
        spend_cents as "spend, cents",
        conversions,
        conversion_value_cents as "their value, cents",
        bonus_cents as "bonus, cents"
    from creator_report($first_day, $last_day)
    where project_id = $project and creator_id not like '(%'
    order by spend_cents desc nulls last, bonus_cents desc nulls last, creator_id
    limit 1
"""


@dataclass(frozen=True, kw_only=True)
class AdStage:
    """The ad account that the demo reads: its name, its ad sets, and a token for it.

    ``creators`` are those whose posts its ads show, by platform and account key.
    """

    ad_platform: AdPlatform
    ad_account_id: str
    ad_sets: tuple[tuple[str, str], ...]
    token: SecretStr
    creators: frozenset[tuple[Platform, str]]


def begin(
    stores: Stores, stage: AdStage, project: str, creators: Sequence[str], *, at: datetime
) -> None:
    """Give the project a layer with ad sets, rights to most posts, pay, and its ad account.

    What an earlier demo gave stands already, and changes nothing.
    """
    operations = stores.operations
    _give_rights(stores, project, creators, at)
    layer = NewLayer(
        layer_id=LAYER,
        project_id=project,
        ad_platform=stage.ad_platform,
        mode="byo",
        ad_account_id=stage.ad_account_id,
    )
    ad_sets = [NewAdSet(layer_id=LAYER, ad_set_id=key, name=name) for key, name in stage.ad_sets]
    operations.layers.state([layer], ad_sets, changed_by=BY, now=at)
    terms = PayoutTerms(
        effective_from=period_start(at.date(), "month"),
        period="month",
        currency="USD",
        per_1000_views_cents=PER_1000_VIEWS,
        views_cap_per_post_cents=CAP_PER_POST,
        spend_share_bps=SPEND_SHARE_BPS,
    )
    operations.payout_configs.set([(project, terms)], changed_by=BY, now=at)
    account = NewAdAccount(
        ad_platform=stage.ad_platform,
        ad_account_id=stage.ad_account_id,
        project_id=project,
        access=stage.token,
    )
    operations.ad_accounts.connect(account, TokenCipher(stores.settings.token_keys), now=at)


def _give_rights(stores: Stores, project: str, creators: Sequence[str], at: datetime) -> None:
    """Of twelve creators, nine have given leave, one for a day only, and two never did."""
    for number, creator in enumerate(creators):
        if number % 12 in NO_LEAVE:
            continue
        stores.operations.rights.grant(
            RightOf(project_id=project, kind="byo_grant", subject="creator", subject_id=creator),
            starts_at=at,
            ends_at=at + timedelta(days=1) if number % 12 == ONE_DAY else None,
            changed_by=BY,
            now=at,
        )


def read_ads(
    runner: Runner,
    moments: Sequence[datetime],
    done: Sequence[datetime],
    set_clock: Callable[[datetime], Any],
) -> None:
    """Read the ad account after every second sync at which no earlier demo read it."""
    due = [at + AFTER_SYNC for at in moments[2::2] if at + AFTER_SYNC not in done]
    for number, at in enumerate(due, start=1):
        set_clock(at)
        runner.run("ads_sync", now=at)
        report("readings of ads", number, len(due))


def pay(runner: Runner, at: datetime) -> None:
    """Bring creators' reports and the ledger up to date, and publish them."""
    runner.run("creator_payouts", now=at)
    runner.run("publication", now=at)


def say_what_came_of_it(
    settings: Settings, connection: duckdb.DuckDBPyConnection, project: str, at: datetime
) -> None:
    """Print one ad set's selection, one post that is not running, one creator's month."""
    (ad_set,) = _first(connection, "select min(ad_set_id) from ad_selections", {})
    _table(connection, f"Who runs in ad set {ad_set}?", BLOCKERS, {"ad_set": ad_set})
    if found := _first(connection, NOT_RUNNING, {"project": project}):
        _table(connection, f"Why is {found[0]} not running?", WHY, {"post": found[0]})
    first_day = period_start(at.date(), "month")
    days = {"first_day": first_day, "last_day": at.date(), "project": project}
    _table(connection, f"One creator, {first_day:%B %Y}", EARNED, days)
    if found := _first(connection, EARNED, days):
        stores = open_stores(settings, clock=FixedClock(at))
        statement = statement_of(stores.operations, project, str(found[0]), f"{first_day:%Y-%m}")
        stores.operations.close()
        console.print()
        say(_shortened(rendered(statement, "markdown")))


def _shortened(text: str, lines: int = 24) -> str:
    found = text.strip().split("\n")
    return "\n".join(found if len(found) <= lines else [*found[:lines], "…"])


def _first(
    connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, object]
) -> tuple[object, ...]:
    return next(iter(connection.execute(sql, values).fetchall()), ())


def _table(
    connection: duckdb.DuckDBPyConnection, title: str, sql: str, values: dict[str, object]
) -> None:
    answer = connection.execute(sql, values)
    columns = [column[0] for column in answer.description or ()]
    print_table(columns, answer.fetchall(), title=title)
