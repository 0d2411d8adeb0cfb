"""Insights of accounts: what happened to all of an account's posts, by day or in a span of days.

Belongs here: reading the parameters, summing up posts, the shape of the answer.
Does not belong here: insights of one medium (``insights``).

As Meta documents them for v22 and later: ``reach`` and ``follower_count`` come day by day, all
others as one total that has to be asked for with ``metric_type=total_value``. Demographics and
breakdowns are not simulated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, invalid
from sandbox.graph.insights import names_in
from sandbox.simulation.accounts import AccountRef

DAY: Final = timedelta(days=1)
LONGEST: Final = timedelta(days=30)
BY_DAY: Final = ("reach", "follower_count")
OF_POSTS: Final[Mapping[str, str]] = {
    "reach": "reach",
    "views": "views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "saves": "saves",
    "replies": "replies",
    "total_interactions": "total_interactions",
    "accounts_engaged": "total_interactions",
    "profile_links_taps": "profile_activity_bio_link_clicked",
    "website_clicks": "profile_activity_bio_link_clicked",
}
"""Metrics, and the number of posts whose growth stands for each."""
METRICS: Final = ("follower_count", *OF_POSTS)


@dataclass(frozen=True, kw_only=True)
class _Span:
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, given: Mapping[str, str], *, now: datetime) -> "_Span":
        """From ``since`` to ``until``; without them the last whole day.

        Raises:
            GraphError: They are no moments, or lie too far apart.
        """
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        ends = _moment(given["until"]) if given.get("until") else midnight
        begins = _moment(given["since"]) if given.get("since") else ends - DAY
        if ends - begins > LONGEST:
            raise GraphError(
                invalid("There cannot be more than 30 days (2592000 s) between since and until")
            )
        return cls(begins=begins, ends=max(begins, ends))

    def days(self) -> list["_Span"]:
        many = (self.ends - self.begins) // DAY
        starts = [self.begins + n * DAY for n in range(many)]
        return [_Span(begins=start, ends=start + DAY) for start in starts]


def read_account_insights(context: CallContext, account: AccountRef) -> Json:
    """The metrics that are asked for of one account.

    Raises:
        GraphError: A parameter is wrong, or a metric wants another one.
    """
    given = context.call.params
    names = names_in(given.get("metric", ""))
    is_total = names_in(given.get("metric_type", "")) == ("total_value",)
    _check(names, given, is_total=is_total)
    span = _Span.of(given, now=context.at)
    return {"data": [_row(context, account, name, span, is_total=is_total) for name in names]}


def _check(names: tuple[str, ...], given: Mapping[str, str], *, is_total: bool) -> None:
    if not names:
        raise GraphError(invalid("The parameter metric is required"))
    if names_in(given.get("period", "day")) != ("day",):
        raise GraphError(invalid("param period must be one of the following values: day"))
    for place, name in enumerate(names):
        if name not in METRICS:
            allowed = ", ".join(METRICS)
            said = f"metric[{place}] must be one of the following values: {allowed}"
            raise GraphError(invalid(said))
    totals = [name for name in names if name not in BY_DAY]
    if totals and not is_total:
        said = ", ".join(totals)
        raise GraphError(
            invalid(
                f"The following metrics ({said}) should be specified with parameter "
                "metric_type=total_value"
            )
        )


def _row(
    context: CallContext, account: AccountRef, name: str, span: _Span, *, is_total: bool
) -> Json:
    row: Json = {
        "name": name,
        "period": "day",
        "title": name.replace("_", " ").capitalize(),
        "description": f"Made up by the sandbox: {name} of all posts in that time.",
    }
    if is_total:
        row["total_value"] = {"value": _grown(context, account, name, span)}
    else:
        row["values"] = [
            {
                "value": _grown(context, account, name, day),
                "end_time": f"{day.ends:%Y-%m-%dT%H:%M:%S}+0000",
            }
            for day in span.days()
        ]
    return row | {"id": f"{account.account_key}/insights/{name}/day"}


def _grown(context: CallContext, account: AccountRef, name: str, span: _Span) -> int:
    dataset = context.desk.dataset
    if name == "follower_count":
        before, after = (dataset.followers(account, at=at) for at in (span.begins, span.ends))
        return after - before
    metric = OF_POSTS[name]
    return sum(
        int(item.metrics(span.ends).get(metric, 0)) - int(item.metrics(span.begins).get(metric, 0))
        for item in dataset.every_item(account)
        if item.published_at < span.ends
    )


def _moment(text: str) -> datetime:
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text[:11]), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise GraphError(invalid("param since must be a valid date or timestamp.")) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
