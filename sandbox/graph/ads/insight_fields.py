"""Fields of a row of insights, as Meta writes them.

Belongs here: what each field holds, actions under their many names, attribution windows.
Does not belong here: which ads and days make a row (``insights``).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from sandbox.graph.ads.insights import InsightRow
from sandbox.graph.ads.query import InsightsQuery, Level
from sandbox.graph.call import Json
from sandbox.graph.errors import GraphError, invalid, unknown_field
from sandbox.simulation.ads.purchases import Purchase

PURCHASE: Final = (
    *("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase"),
    *("onsite_web_purchase", "onsite_web_app_purchase", "web_in_store_purchase"),
)
"""One purchase comes under six names."""
CLICK_DAYS: Final[Mapping[str, int]] = {"1d_click": 1, "7d_click": 7, "28d_click": 28}
WINDOWS: Final = frozenset(
    {*CLICK_DAYS, "1d_view", "1d_ev", "7d_view", "28d_view", "dda", "default", "incrementality"}
    | {"skan_click", "skan_view"}
)
"""Since 2026-01-12 ``7d_view`` and ``28d_view`` have nothing in them, and that is no error."""
ABSENT: Final = frozenset(
    {
        *("conversions", "conversion_values", "video_play_actions", "quality_ranking"),
        *("video_30_sec_watched_actions", "cost_per_action_type", "website_purchase_roas"),
        *("video_p25_watched_actions", "video_p50_watched_actions", "video_p75_watched_actions"),
        *("video_p100_watched_actions", "video_thruplay_watched_actions", "cost_per_conversion"),
        *("created_time", "updated_time", "labels", "location", "wish_bid"),
    }
)
IDENTITIES: Final[Mapping[str, tuple[Level, ...]]] = {
    "ad": ("ad",),
    "adset": ("ad", "adset"),
    "campaign": ("ad", "adset", "campaign"),
}
"""At which levels the id and name of something can be told."""
RATIO_PLACES: Final = Decimal("0.000001")


def row_json(row: InsightRow, query: InsightsQuery, *, bent: str = "") -> Json:
    """A row with the fields that are asked for; ``account_id`` and days come unasked.

    Raises:
        GraphError: A field does not exist.
    """
    values = _Values(row, query)
    found: Json = {}
    for one in query.fields:
        if one.name in FIELDS:
            value = FIELDS[one.name](values)
        elif one.name in ABSENT:
            value = None
        else:
            raise GraphError(unknown_field(one.name, "AdsInsights"))
        if value is not None and one.name not in LEFT_OUT.get(bent, ()):
            found[one.name] = _number(value) if bent == "plain_numbers" else value
    account = row.ads[0].account
    unasked = {"account_id": account.account_id, "date_start": f"{row.span[0]}"}
    return found | unasked | {"date_stop": f"{row.span[1]}"}


LEFT_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    "reach_absent": ("reach", "frequency"),
    "actions_absent": ("actions", "action_values", "purchase_roas"),
}


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 12 else value  # noqa: PLR2004


class _Values:
    def __init__(self, row: InsightRow, query: InsightsQuery) -> None:
        self.ad, self.level = row.ads[0], query.level
        self.numbers, self.windows = row.numbers, query.windows
        self.account = self.ad.account
        self._settings = {ad.ad_set.window_days for ad in row.ads}
        self._ads = row.ads

    def told(self, kind: str, text: str) -> str | None:
        """The id or name of something, where the level has one of it."""
        return text if self.level in IDENTITIES[kind] else None

    @property
    def spend(self) -> Decimal:
        return self.account.major(self.numbers.spend)

    @property
    def setting(self) -> str:
        """How long after a click a purchase counts; all ad sets of an account agree."""
        return f"{max(self._settings)}d_click"

    def counted(self) -> list[Purchase]:
        """Purchases within the setting of the ad sets."""
        days = max(self._settings)
        return [one for one in self.numbers.purchases_meta if one.is_within(days)]

    def actions(self) -> list[Json] | None:
        clicks, bought = self.numbers.clicks, self.numbers.purchases_meta
        links, comments = clicks * 9 // 10, clicks // 20
        plain = {
            "link_click": links,
            "comment": comments,
            "post_engagement": links + comments,
            "page_engagement": links + comments,
            "landing_page_view": links * 4 // 5,
        }
        found: list[Json] = [
            {"action_type": name, "value": str(count)} for name, count in plain.items() if count
        ]
        if bought:
            found += [self._bought(name, lambda chosen: str(len(chosen))) for name in PURCHASE]
        return found or None

    def action_values(self) -> list[Json] | None:
        if not self.numbers.purchases_meta:
            return None
        return [self._bought(name, self._worth) for name in PURCHASE]

    def _worth(self, chosen: list[Purchase]) -> str:
        return plain(self.account.major(sum(one.value for one in chosen)))

    def _bought(self, name: str, written: Callable[[list[Purchase]], str]) -> Json:
        found: Json = {"action_type": name, "value": written(self.counted())}
        for window in self.windows:
            chosen = within(self.numbers.purchases_meta, window)
            if chosen:
                found[window] = written(chosen)
        return found

    def roas(self) -> list[Json] | None:
        worth = self.account.major(sum(one.value for one in self.counted()))
        if not worth or not self.spend:
            return None
        return [{"action_type": "omni_purchase", "value": ratio(worth, self.spend)}]


def within(bought: tuple[Purchase, ...], window: str) -> list[Purchase]:
    """Purchases that a window counts; clicks and views are told apart."""
    if window in CLICK_DAYS:
        days = CLICK_DAYS[window]
        return [one for one in bought if not one.by_view and one.is_within(days)]
    if window == "1d_view":
        return [one for one in bought if one.by_view and one.is_within(1)]
    return []


def plain(amount: Decimal) -> str:
    """An amount as the platform writes it: without zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(part: Decimal | int, whole: Decimal | int) -> str | None:
    """A share of something, with six decimals; none of nothing."""
    if not whole:
        return None
    return plain((Decimal(part) / Decimal(whole)).quantize(RATIO_PLACES))


FIELDS: Final[Mapping[str, Callable[[_Values], object]]] = {
    "account_id": lambda v: v.account.account_id,
    "account_name": lambda v: v.account.name,
    "account_currency": lambda v: v.account.currency,
    "campaign_id": lambda v: v.told("campaign", v.ad.ad_set.campaign.campaign_id),
    "campaign_name": lambda v: v.told("campaign", v.ad.ad_set.campaign.name),
    "adset_id": lambda v: v.told("adset", v.ad.ad_set.ad_set_id),
    "adset_name": lambda v: v.told("adset", v.ad.ad_set.name),
    "ad_id": lambda v: v.told("ad", v.ad.ad_id),
    "ad_name": lambda v: v.told("ad", v.ad.name),
    "date_start": lambda _v: None,
    "date_stop": lambda _v: None,
    "impressions": lambda v: str(v.numbers.impressions),
    "clicks": lambda v: str(v.numbers.clicks),
    "reach": lambda v: str(v.numbers.reach),
    "frequency": lambda v: ratio(v.numbers.impressions, v.numbers.reach),
    "spend": lambda v: plain(v.spend),
    "cpc": lambda v: ratio(v.spend, v.numbers.clicks),
    "cpm": lambda v: ratio(v.spend * 1000, v.numbers.impressions),
    "ctr": lambda v: ratio(v.numbers.clicks * 100, v.numbers.impressions),
    "inline_link_clicks": lambda v: str(v.numbers.clicks * 9 // 10) if v.numbers.clicks else None,
    "actions": _Values.actions,
    "action_values": _Values.action_values,
    "outbound_clicks": lambda v: (
        [{"action_type": "outbound_click", "value": str(v.numbers.clicks * 9 // 10)}]
        if v.numbers.clicks
        else None
    ),
    "purchase_roas": _Values.roas,
    "attribution_setting": lambda v: v.setting,
    "objective": lambda _v: "OUTCOME_SALES",
    "optimization_goal": lambda _v: "OFFSITE_CONVERSIONS",
    "buying_type": lambda _v: "AUCTION",
}


def checked_windows(windows: tuple[str, ...]) -> None:
    """Let windows pass that there are.

    Raises:
        GraphError: One is none.
    """
    for number, window in enumerate(windows):
        if window not in WINDOWS:
            names = ", ".join(sorted(WINDOWS))
            message = f"action_attribution_windows[{number}] must be one of the following values: "
            raise GraphError(invalid(f"{message}{names}"))
