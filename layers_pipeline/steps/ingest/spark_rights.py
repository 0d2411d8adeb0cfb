"""Spark codes: since when and until when TikTok says that each of them holds.

Belongs here: asking TikTok about stored codes, and noting what it says as the right's period.
Does not belong here: the request (``sources.tiktok_ads``), storing rights and codes
(``operations.rights``), what a right clears (``transforms``).

One code's fault ends only the question about it; a throttle ends those of its ad account. A code
stands in no message and no log.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from layers_pipeline.errors import InputRefusedError, LayersError, SourceThrottledError
from layers_pipeline.operations.ad_account_rows import AdAccount
from layers_pipeline.operations.rights import ContentRight, RightOf, standing
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.sources.http import DEFAULT_RETRIES, RetryPolicy, open_http
from layers_pipeline.sources.rate_limits import UsageBudgets
from layers_pipeline.sources.tiktok.api import Calling
from layers_pipeline.sources.tiktok_ads.spark import SparkAuthorisation, spark_authorisation
from layers_pipeline.steps.stores import Stores

TOLD_BY: Final = "tiktok"
POST: Final = "tiktok:"


@dataclass(kw_only=True)
class SparkRead:
    """What came of asking about stored codes, in rights."""

    asked: int = 0
    changed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """By right in words: what went wrong, and what to do."""


def read_spark_rights(stores: Stores, *, retries: RetryPolicy = DEFAULT_RETRIES) -> SparkRead:
    """Note what TikTok says of every Spark code whose project has a TikTok ad account."""
    done = SparkRead()
    wanted, accounts = _wanted(stores), _accounts(stores)
    if any(right.project_id in accounts for right in wanted):
        asyncio.run(_ask_all(stores, wanted, accounts, done, retries))
    return done


def _wanted(stores: Stores) -> list[ContentRight]:
    """Rights by codes that are stored and were not taken back."""
    codes = set(stores.operations.spark_codes.posts())
    return [
        right
        for right in standing(stores.operations.rights.all())
        if right.kind == "spark_code"
        and not right.is_revoked
        and (right.project_id, right.subject_id) in codes
    ]


def _accounts(stores: Stores) -> Mapping[str, AdAccount]:
    """An ad account of TikTok that may be asked with, by project."""
    rows = stores.operations.ad_accounts.all()
    found = [row for row in rows if (row.ad_platform, row.status) == ("tiktok", "active")]
    return {row.project_id: row for row in reversed(found)}


async def _ask_all(
    stores: Stores,
    wanted: Iterable[ContentRight],
    accounts: Mapping[str, AdAccount],
    done: SparkRead,
    retries: RetryPolicy,
) -> None:
    cipher = TokenCipher(stores.settings.token_keys)
    waiting: set[str] = set()
    async with open_http(stores.settings.tiktok_url) as http:
        budgets = UsageBudgets(stores.clock)
        calling = Calling(http=http, clock=stores.clock, budgets=budgets, retries=retries)
        for right in wanted:
            account = accounts.get(right.project_id)
            if account is None or right.project_id in waiting:
                continue
            done.asked += 1
            try:
                told = await _ask(stores, calling, right, account, cipher)
                done.changed += _note(stores, right, told)
            except SourceThrottledError as error:
                waiting.add(right.project_id)
                done.failed[str(_of(right))] = str(error)
            except LayersError as error:
                done.failed[str(_of(right))] = str(error)


async def _ask(
    stores: Stores,
    calling: Calling,
    right: ContentRight,
    account: AdAccount,
    cipher: TokenCipher,
) -> SparkAuthorisation:
    operations = stores.operations
    code: SecretStr = operations.spark_codes.get(right.project_id, right.subject_id, cipher)
    token = operations.ad_accounts.token(account, cipher)
    return await spark_authorisation(
        calling, advertiser_id=account.ad_account_id, token=token, code=code
    )


def _note(stores: Stores, right: ContentRight, told: SparkAuthorisation) -> bool:
    """Store what TikTok says as the right's period; whether that is new.

    Raises:
        InputRefusedError: The code is for another post, or its period cannot be one.
    """
    rights, now = stores.operations.rights, stores.clock.now()
    if right.subject_id != f"{POST}{told.item_id}":
        raise InputRefusedError(
            f"its code is for post {POST}{told.item_id}. Grant it for that post, and take this "
            "right back."
        )
    if told.is_over and told.ends_at > now:
        said = f"TikTok says {told.status}"
        return rights.revoke(_of(right), changed_by=TOLD_BY, note=said, now=now)
    return rights.grant(
        _of(right),
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        source="tiktok",
        changed_by=TOLD_BY,
        note=right.note,
        now=now,
    )


def _of(right: ContentRight) -> RightOf:
    return RightOf(
        project_id=right.project_id,
        kind=right.kind,
        subject=right.subject,
        subject_id=right.subject_id,
    )
