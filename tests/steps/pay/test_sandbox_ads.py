"""The whole way from a simulated ad to its creator's pay, over a change of clocks, by hand.

Belongs here: the sandbox's ads read over HTTP while their days are restated, two projects in two
zones and currencies, and what creators come to in plain Python.
Does not belong here: imported reports (``test_paid_creators``), single formulas.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.ad_account_rows import NewAdAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.payout_configs import PayoutTerms
from layers_pipeline.steps.ingest.ads import sync_ads
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.pay.accrual import settle
from layers_pipeline.steps.pay.creators import pay_creators
from layers_pipeline.steps.stores import open_stores
from sandbox import generated_captures, running_sandbox
from tests.steps.ingest.ads_world import accounts_of
from tests.steps.ingest.fault_world import cipher, settings_of
from tests.worlds.data_builders import rows_of

ZONES = {"berlin": "Europe/Berlin", "york": "America/New_York"}
"""Clocks change on 26 October in one, on 2 November in the other."""
BEGAN = datetime(2025, 10, 20, tzinfo=UTC)
POSTS = generated_captures(3, accounts=8, days=16, start=BEGAN)
READ_AT = (BEGAN + timedelta(days=day, hours=9) for day in (5, 7, 16))
MOMENTS = tuple(READ_AT)
SHARE_BPS = {"berlin": 1_250, "york": 333}
CENTS_EACH = {"berlin": 210, "york": 90}
NOBODY = "(unattributed)"
FIRST = date(2025, 10, 6)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The stores after three readings, each project's first week settled after the second."""
    with running_sandbox(POSTS, now=MOMENTS[0], scrape_duration_s=1) as served:
        home = tmp_path_factory.mktemp("ads-to-pay")
        given = {"sift_url": served.url, "sift_key": served.key}
        stores = open_stores(settings_of(served, home, **given), clock=served.world.clock)
        begin(stores, served)
        truths = []
        for number, moment in enumerate(MOMENTS):
            served.world.clock.set(moment)
            sync_ads(stores, worker=f"w{number}", accounts=(), retries=HASTY)
            truths.append({project: true_days(served, project) for project in ZONES})
            pay_creators(stores)
            if number == 1:
                for project in ZONES:
                    for week in range(3):
                        settle(stores, project, FIRST + timedelta(days=7 * week), by="ann")
        yield stores, truths
        stores.operations.close()


def begin(stores, served):
    """Two projects that share no creator, each with one of TikTok's ad accounts; posts scraped."""
    operations, long_ago = stores.operations, BEGAN - timedelta(days=90)
    refs = sorted(ref for ref in POSTS.creators if ref.network == "tiktok")
    for place, (project, zone) in enumerate(ZONES.items()):
        operations.projects.add(project, name=project, time_zone=zone, now=long_ago)
        accounts = [
            NewAccount(platform="tiktok", account_key=ref.account_key, connection="external")
            for ref in refs[place::2]
        ]
        operations.accounts.add(accounts, now=long_ago)
        entries = [
            NewCreator(creator_id=one.account_key, display_name="A", account_ids=(one.account_id,))
            for one in accounts
        ]
        operations.allowlist.allow(project, entries, allowed_from=long_ago)
        ref = accounts_of(served, "tiktok")[place]
        token = served.issue(ref, life=timedelta(days=300)).access
        account = NewAdAccount(
            ad_platform="tiktok",
            ad_account_id=ref.account_key,
            project_id=project,
            access=SecretStr(token),
        )
        operations.ad_accounts.connect(account, cipher(), now=long_ago)
        terms = PayoutTerms(
            effective_from=FIRST,
            period="week",
            currency="USD" if project == "berlin" else "JPY",
            spend_share_bps=SHARE_BPS[project],
            conversion_cents=CENTS_EACH[project],
        )
        operations.payout_configs.set([(project, terms)], changed_by="ann", now=long_ago)
    submit_scrapes(stores, worker="s", retries=HASTY)
    served.world.clock.advance(5)
    collect_scrapes(stores, worker="c", run_id="c", retries=HASTY)


def true_days(served, project):
    """By creator, post and day what the sandbox knows now: spend, purchases, their value."""
    place = list(ZONES).index(project)
    ref = accounts_of(served, "tiktok")[place]
    own = {
        one.account_key
        for one in sorted(r for r in POSTS.creators if r.network == "tiktok")[place::2]
    }
    now = served.world.clock.now()
    found = defaultdict(lambda: (0, 0, 0))
    # Each reading goes back as far as TikTok restates; what is older was told by the first.
    since = served.world.ads.account(ref).day_of(MOMENTS[0]) - timedelta(days=90)
    for row in served.world.ads.days(ref, since, now.date() + timedelta(days=1), at=now):
        post = row.ad.post
        seen = post is not None and any(c.captured_at <= MOMENTS[0] for c in post.captures)
        is_own = seen and post.account.account_key in own
        whose = (post.account.account_key, post.item_id) if is_own else (NOBODY, None)
        bought = [
            one for one in row.numbers.purchases_of_day if one.is_within(row.ad.ad_set.window_days)
        ]
        before = found[*whose, row.day]
        more = (row.numbers.spend, len(bought), sum(one.value for one in bought))
        found[*whose, row.day] = tuple(a + b for a, b in zip(before, more, strict=True))
    return {key: value for key, value in found.items() if any(value)}


def summed(days, *, by):
    sums = defaultdict(lambda: (0, 0, 0))
    for key, value in days.items():
        named = by(*key)
        sums[named] = tuple(a + b for a, b in zip(sums[named], value, strict=True))
    return dict(sums)


def test_days_and_reports_of_creators_are_the_sandboxes_truth(played):
    stores, truths = played
    daily = rows_of(stores, catalog.CREATOR_DAILY)
    reports = rows_of(stores, catalog.CREATOR_REPORTS).filter(period="week")
    for project in ZONES:
        currency = "USD" if project == "berlin" else "JPY"
        for table, day, by in (
            (daily, "day_on", lambda creator, _, on: (creator, on)),
            (reports, "starts_on", lambda creator, _, on: (creator, monday(on))),
        ):
            known = {
                (row["creator_id"], row[day]): (
                    row["spend_cents"] or 0,
                    row["conversions"] or 0,
                    row["conversion_value_cents"] or 0,
                )
                for row in table.filter(project_id=project, currency=currency).to_dicts()
            }
            told = {key: value for key, value in known.items() if any(value)}
            assert told == summed(truths[-1][project], by=by)
        assert {NOBODY} < {creator for creator, _, _ in truths[-1][project]}


def test_pay_is_what_each_week_came_to_and_settled_weeks_are_put_right_in_open_ones(played):
    stores, truths = played
    ledger = rows_of(stores, catalog.PAYOUT_LEDGER)
    for project in ZONES:
        lines = ledger.filter(project_id=project)
        by_line = lambda creator, post, on: (creator, post, monday(on))  # noqa: E731
        settled = summed(truths[1][project], by=by_line)
        newest = summed(truths[2][project], by=by_line)
        accrued = {
            (row["creator_id"], row["period_starts_on"], row["rule"], row["container_id"]): row[
                "amount_cents"
            ]
            for row in lines.filter(kind="accrual").to_dicts()
        }
        expected = {}
        for creator, post, week in settled | newest:
            stands = settled if week < FIRST + timedelta(days=21) else newest
            spend, bought, _ = stands.get((creator, post, week), (0, 0, 0))
            if creator == NOBODY or week < FIRST:
                continue
            share = half_even(Decimal(spend * SHARE_BPS[project]) / 10_000)
            for rule, amount in (
                ("attributed_spend", share),
                ("conversions", bought * CENTS_EACH[project]),
            ):
                if amount:
                    expected[creator, week, rule, f"tiktok:{post}"] = amount
        assert accrued == expected
        assert expected
        corrections = lines.filter(kind="correction")["amount_cents"]
        accruals = lines.filter(kind="accrual")["amount_cents"]
        assert accruals.sum() + corrections.sum() == all_that_is_due(newest, project)
    assert not ledger.filter(kind="correction").is_empty()


def all_that_is_due(newest, project):
    """What everything comes to by what is known last, settled weeks included."""
    return sum(
        half_even(Decimal(spend * SHARE_BPS[project]) / 10_000) + bought * CENTS_EACH[project]
        for (creator, _, week), (spend, bought, _) in newest.items()
        if creator != NOBODY and week >= FIRST
    )


def monday(day):
    return day - timedelta(days=day.weekday())


def half_even(amount):
    return int(amount.to_integral_value(ROUND_HALF_EVEN))
