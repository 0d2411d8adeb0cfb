"""Random lives of a few accounts: what they publish, what goes wrong, who looks when.

Belongs here: Hypothesis strategies and the records that they draw.
Does not belong here: playing a plan (``history_world``), what must hold (the tests).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from hypothesis import strategies as st

from sandbox import AccountRef, Deletion, Fault, Item
from sandbox.graph.faults import GRAPH_FAULTS
from sandbox.tiktok.faults import TIKTOK_FAULTS
from tests.steps.ingest.fault_world import AT, account
from transforms.vocabulary import Depth

SLOW = {"slow", "hang"}
"""These last for real seconds and show nothing that others do not."""
GRAPH_KINDS = sorted(set(GRAPH_FAULTS) - SLOW)
LIST_KINDS = [f"list:{kind}" for kind in GRAPH_KINDS if kind not in ("null_element", "app_341")]
TIKTOK_KINDS = sorted(set(TIKTOK_FAULTS) - SLOW)
TEARING = {
    "instagram": ("list:http_500", "list:user_limit", "list:permission_10", "list:transient_2"),
    "tiktok": ("http_500", "code_40100", "code_20001", "empty_page_with_more", "code_40001"),
}
REELS = ("reel", "reel", "feed_image", "feed_carousel", "feed_video", "story")
VIDEOS = ("tiktok_video", "tiktok_video", "tiktok_photo")
GAPS = tuple(
    timedelta(seconds=seconds) for seconds in (1, 300, 1_200, 1_200, 3_600, 10_000, 40_000, 200_000)
)
RARE = ("hold", "hold", "land", "land", "land", "scrape", "scrape", "edit", "compact")
DEPTHS: tuple[Depth, ...] = ("full", "full", "full", "full", "quick", "posts")


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that happens, so long after the step before."""

    gap: timedelta


@dataclass(frozen=True, kw_only=True)
class Sync(Step):
    """Accounts are read, by name or those that are due; then perhaps all is derived."""

    depth: Depth
    by_name: bool
    derived: bool


@dataclass(frozen=True, kw_only=True)
class Trouble(Step):
    """Faults begin that end by themselves."""

    account: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class Hold(Step):
    """A slow worker reads an account, and has not landed it yet; it may die before it has said so.

    When it lands, after this step, its outcome is never stored.
    """

    account: int
    depth: Depth


@dataclass(frozen=True, kw_only=True)
class Land(Step):
    """The slow worker lands what it has held longest."""


@dataclass(frozen=True, kw_only=True)
class Scrape(Step):
    """SIFT's answer about an account's posts arrives, as they were a while ago."""

    account: int
    ago: timedelta


@dataclass(frozen=True, kw_only=True)
class Edit(Step):
    """An account's people write new captions."""

    account: int


@dataclass(frozen=True, kw_only=True)
class Crash(Step):
    """A run that derives, or replays, everything is killed after some of its commits."""

    commits: int
    replays: bool


@dataclass(frozen=True, kw_only=True)
class Compact(Step):
    """A table's files are joined, and its readers are not informed."""

    table: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The items of some accounts, and what happens to them."""

    accounts: tuple[AccountRef, ...]
    items: tuple[Item, ...] = field(repr=False)
    steps: tuple[Step, ...]

    @property
    def liars(self) -> set[AccountRef]:
        """Accounts of which the platform once says that there is nothing more, though there is."""
        troubles = [step for step in self.steps if isinstance(step, Trouble)]
        return {
            self.accounts[step.account]
            for step in troubles
            if any(fault.kind.endswith("empty_data") for fault in step.faults)
        }


def gaps():
    return st.sampled_from(GAPS)


@st.composite
def absences(draw) -> tuple[Deletion, ...]:
    """Mostly none; else a time for which an item is gone, and perhaps another."""
    if draw(st.sampled_from([True, False, False])):
        return ()
    begins = AT + timedelta(hours=draw(st.sampled_from([0.5, 1, 3, 12])))
    lasts = draw(st.sampled_from([None, 1, 3, 12]))
    if lasts is None:
        return (Deletion(begins=begins),)
    ends = begins + timedelta(hours=lasts)
    again = Deletion(begins=ends + timedelta(hours=draw(st.sampled_from([1, 12]))))
    return (Deletion(begins=begins, ends=ends), *draw(st.sampled_from([(), (again,)])))


@st.composite
def items(draw, ref: AccountRef, number: int) -> Item:
    is_tiktok = ref.platform == "tiktok"
    kind = draw(st.sampled_from(VIDEOS if is_tiktok else REELS))
    hours = draw(st.sampled_from([-900, -200, -60, -30, -10, -5, 0.5, 4]))
    if is_tiktok and draw(st.sampled_from([True, False, False, False])):
        hours -= 24 * 365 - 100
    if kind == "story":
        hours = max(hours, -5)
    at = (AT + timedelta(hours=hours, seconds=number)).replace(microsecond=0)
    own_id = ((int(at.timestamp()) - 8) << 32) | number if is_tiktok else 17900000000000000 + number
    return Item(
        account=ref,
        item_id=str(own_id),
        ig_id=None if is_tiktok else 7 * number + (1 << 60),
        media_type=kind,
        published_at=at,
        caption=draw(st.sampled_from([None, "", f"No. {number}"])),
        oddity=draw(st.sampled_from([None] * 9 + ["few_viewers", "before_conversion"]))
        if not is_tiktok
        else None,
        deleted=() if kind == "story" else draw(absences()),
        hidden=draw(st.sampled_from([frozenset()] * 4 + [frozenset({"reach", "likes"})])),
        final_views=draw(st.sampled_from([0.0, 40.0, 3_000.0, 900_000.0])),
        half_at_h=draw(st.sampled_from([2.0, 20.0, 120.0])),
        rates={"likes": 0.1, "comments": 0.01, "shares": 0.02, "saves": 0.03},
    )


@st.composite
def timelines(draw, ref: AccountRef, place: int) -> tuple[Item, ...]:
    """Everything that an account ever publishes; sometimes nearly all of it goes at once."""
    sizes = st.sampled_from([2, 3, 4, 5, 6])
    found = [draw(items(ref, 100 * place + number)) for number in range(draw(sizes))]
    if not draw(st.sampled_from([True, False, False])):
        return tuple(found)
    ends = draw(st.sampled_from([None, AT + timedelta(hours=8)]))
    gone = (Deletion(begins=AT + timedelta(hours=1), ends=ends),)
    spared = draw(st.sampled_from([0, 1, 1]))
    return tuple(
        one if one.media_type == "story" or number < spared else replace(one, deleted=gone)
        for number, one in enumerate(found)
    )


@st.composite
def faults(draw, ref: AccountRef) -> tuple[Fault, ...]:
    """One fault, or two that tear a listing: its first page is short, and the next one fails."""
    kinds = draw(st.sampled_from([GRAPH_KINDS, LIST_KINDS, LIST_KINDS]))
    fault = Fault(
        kind=draw(st.sampled_from(TIKTOK_KINDS if ref.platform == "tiktok" else kinds)),
        times=draw(st.sampled_from([1, 2, 3, 6])),
        skip=draw(st.sampled_from([0, 0, 1, 2])),
        wait_min=draw(st.sampled_from([0, 5, 60])),
    )
    if not draw(st.sampled_from([True, False])):
        return (fault,)
    short = "short_page" if ref.platform == "tiktok" else "list:short_page"
    torn = draw(st.sampled_from(TEARING[ref.platform]))
    return (Fault(kind=short, times=1), Fault(kind=torn, times=6, skip=1))


KINDS = ("sync",) * 10 + ("trouble",) * 4 + ("crash",) * 2 + RARE


def steps(accounts: Sequence[AccountRef]):
    """One step of any kind; looking is the commonest."""
    places = st.integers(0, len(accounts) - 1)
    depths = st.sampled_from(DEPTHS)
    late = st.sampled_from([timedelta(minutes=1), timedelta(hours=6), timedelta(days=2)])
    kinds = {
        "sync": st.builds(
            Sync,
            gap=gaps(),
            depth=depths,
            by_name=st.booleans(),
            derived=st.sampled_from([False, False, True]),
        ),
        "trouble": places.flatmap(
            lambda place: st.builds(
                Trouble, gap=gaps(), account=st.just(place), faults=faults(accounts[place])
            )
        ),
        "hold": st.builds(Hold, gap=gaps(), account=places, depth=depths),
        "land": st.builds(Land, gap=gaps()),
        "scrape": st.builds(Scrape, gap=gaps(), account=places, ago=late),
        "edit": st.builds(Edit, gap=gaps(), account=places),
        "crash": st.builds(
            Crash,
            gap=gaps(),
            commits=st.integers(0, 40),
            replays=st.sampled_from([False, False, True]),
        ),
        "compact": st.builds(Compact, gap=gaps(), table=st.integers(0, 20)),
    }
    return st.sampled_from(KINDS).flatmap(lambda kind: kinds[kind])


@st.composite
def plans(draw, *, fewest: int = 8, most: int = 16) -> Plan:
    """A few accounts with few posts each, and what happens within some days."""
    numbers = count(1)
    accounts = tuple(
        account(platform, next(numbers))
        for platform in draw(
            st.sampled_from(
                [("instagram",), ("tiktok",), ("instagram", "tiktok"), ("instagram", "instagram")]
            )
        )
    )
    every = [draw(timelines(ref, place)) for place, ref in enumerate(accounts)]
    full = Sync(gap=timedelta(minutes=20), depth="full", by_name=True, derived=False)
    taken = draw(st.lists(steps(accounts), min_size=fewest, max_size=most))
    return Plan(
        accounts=accounts,
        items=tuple(item for timeline in every for item in timeline),
        steps=(full, *taken, full, full),
    )
