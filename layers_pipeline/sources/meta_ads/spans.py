"""Which days of which ads are asked of the platform at once, and how less is asked.

Belongs here: parameters of insights, and dividing them without gap or overlap.
Does not belong here: asking (``insights``), when to ask for less.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

STATUSES: Final = (
    "ACTIVE",
    "PAUSED",
    "ARCHIVED",
    "DELETED",
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "DISAPPROVED",
    "IN_PROCESS",
    "PENDING_BILLING_INFO",
    "PENDING_REVIEW",
    "PREAPPROVED",
    "WITH_ISSUES",
)
"""Every status, asked for by name: unasked, archived and deleted ads are left out."""
FIELDS: Final = (
    "account_id",
    "account_currency",
    "spend",
    "impressions",
    "clicks",
    "reach",
    "frequency",
    "actions",
    "action_values",
)
AD_FIELDS: Final = ("ad_id", "ad_name", "adset_id", "campaign_id", *FIELDS, "attribution_setting")
WINDOWS: Final = ("default", "1d_click", "7d_click", "28d_click", "1d_view")
"""Asked for by name, and kept as received. ``value`` follows the ad set's own setting."""
CAMPAIGN_STATUSES: Final = (
    "ACTIVE",
    "PAUSED",
    "ARCHIVED",
    "DELETED",
    "IN_PROCESS",
    "WITH_ISSUES",
)
AD_ID: Final = "ad.id"
CAMPAIGN_ID: Final = "campaign.id"
IDS_AT_ONCE: Final = 50
"""So many ids still fit into an address."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Among:
    """Only what has one of the values in a field; or only the rest."""

    field: str
    values: tuple[str, ...]
    is_rest: bool = False

    def filter(self) -> dict[str, Any]:
        """As the platform writes it."""
        operator = "NOT_IN" if self.is_rest else "IN"
        return {"field": self.field, "operator": operator, "value": list(self.values)}


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of one object's insights that are wanted, both ends included."""

    path: str
    level: str
    since: date
    until: date
    among: tuple[Among, ...] = ()
    """Of some ads only, each condition within those before it; none: of all."""

    def __str__(self) -> str:
        last = self.among[-1] if self.among else None
        of = f" of {'others than ' * last.is_rest}{len(last.values)} {last.field}" if last else ""
        return f"{self.path} {self.since} to {self.until}{of}"

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def is_long(self) -> bool:
        """Whether its ids are more than an address holds."""
        return any(len(one.values) > IDS_AT_ONCE for one in self.among)

    @property
    def can_be_filtered(self) -> bool:
        """Whether ads can be told apart in it: an account's, not one ad's, nor totals."""
        return self.level == "ad" and self.path.startswith("act_")

    def halves(self) -> tuple["Span", "Span"]:
        """The span in two, the newer days first."""
        middle = self.since + (self.until - self.since) // 2
        return replace(self, since=middle + DAY), replace(self, until=middle)

    def by(self, field: str, ids: Sequence[str]) -> list["Span"]:
        """The span by ids, some at a time, and what has none of them; empty without ids."""
        # All at once has been tried: half of them at most.
        size = max(1, min(IDS_AT_ONCE, -(-len(ids) // 2)))
        each = [
            Among(field=field, values=tuple(ids[start : start + size]))
            for start in range(0, len(ids), size)
        ]
        rest = Among(field=field, values=tuple(ids), is_rest=True)
        every = [*each, rest] if each else []
        return [replace(self, among=(*self.among, one)) for one in every]

    def by_half_of_its_ids(self) -> list["Span"]:
        """The span with half of the ids that it names last, and the other half."""
        last = self.among[-1]
        middle = len(last.values) // 2
        return [
            replace(self, among=(*self.among[:-1], replace(last, values=values)))
            for values in (last.values[:middle], last.values[middle:])
        ]

    def params(self) -> dict[str, str]:
        """What is asked of the platform."""
        return {
            "level": self.level,
            "time_increment": "1",
            "time_range": json.dumps({"since": str(self.since), "until": str(self.until)}),
            "action_attribution_windows": json.dumps(WINDOWS),
            "fields": ",".join(AD_FIELDS if self.level == "ad" else FIELDS),
            **self._filtering(),
        }

    def _filtering(self) -> dict[str, str]:
        if not self.can_be_filtered:
            return {}
        statuses = Among(field="ad.effective_status", values=STATUSES)
        return {"filtering": json.dumps([one.filter() for one in (statuses, *self.among)])}


def ids_in(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ads of which rows tell."""
    return {str(row["ad_id"]) for row in rows if row.get("ad_id")}
