"""Scenarios: a world, and what goes wrong in it at which time, as one TOML file.

Belongs here: the file's form, building its world, and letting its events happen once each.
Does not belong here: what one event does (``scenario_events``), or a fault to an answer.

Accounts are named by their place, from 0: those that hold a token by their place among
``Dataset.holders`` of their platform, creators by their place among ``Dataset.creators``. Posts
and stories are named by their place among all that the account ever has, oldest first, and so are
ads. Ad accounts are named by their place among those of their platform.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Final, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from layers_pipeline.errors import InputRefusedError
from sandbox.graph.ads.faults import AD_FAULT_KINDS
from sandbox.graph.faults import GRAPH_FAULT_KINDS
from sandbox.service.scenario_events import (
    CLEAR,
    Act,
    AdFaultEvent,
    AdTokenEvent,
    CreatorEvent,
    FaultEvent,
    OddPost,
    Offset,
    Part,
    TokenEvent,
    holders_on,
)
from sandbox.service.scenario_plans import PlannedAccounts, PlannedAds
from sandbox.sift.faults import SIFT_FAULT_KINDS
from sandbox.simulation.accounts import AccountRef, AdPlatform, Platform
from sandbox.simulation.ads.invented import AdPlan
from sandbox.simulation.ads.world import AdWorld
from sandbox.simulation.creators import generated_captures
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.holders import Plan, generated_truth
from sandbox.tiktok.ads.faults import TIKTOK_AD_FAULT_KINDS
from sandbox.tiktok.faults import TIKTOK_FAULTS
from sandbox.world import World

SHIPPED: Final = Path(__file__).parents[1] / "scenarios"
FAULT_KINDS: Final[Mapping[Platform | AdPlatform, Collection[str]]] = {
    "instagram": GRAPH_FAULT_KINDS | {CLEAR},
    "tiktok": TIKTOK_FAULTS.keys() | {CLEAR},
    "meta_ads": AD_FAULT_KINDS | {CLEAR},
    "tiktok_ads": TIKTOK_AD_FAULT_KINDS | {CLEAR},
}
"""What an event may name as its kind."""
FIRST_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Scenario(Part):
    """A world and its events.

    Raises:
        ValueError: An event names a kind, an account or an item that there is not.
    """

    name: str
    seed: int = 0
    start: AwareDatetime
    lasts: Offset
    accounts: PlannedAccounts = PlannedAccounts()
    ads: PlannedAds = PlannedAds()
    creators: int = Field(default=0, ge=0)
    odd_posts: tuple[OddPost, ...] = ()
    faults: tuple[FaultEvent, ...] = ()
    tokens: tuple[TokenEvent, ...] = ()
    creator_faults: tuple[CreatorEvent, ...] = ()
    ad_faults: tuple[AdFaultEvent, ...] = ()
    ad_tokens: tuple[AdTokenEvent, ...] = ()

    @property
    def ends_at(self) -> datetime:
        """When nothing more is planned."""
        return self.start + self.lasts

    @cached_property
    def dataset(self) -> Dataset:
        """Creators and accounts that hold a token, with everything that they ever publish."""
        made = self._holders
        odd = {one.about(made).item_id: one.kind for one in self.odd_posts}
        items = [
            replace(item, oddity=odd.get(item.item_id, item.oddity))
            for account in made.holders
            for item in made.every_item(account)
        ]
        # What an account has on the first day of all is what it begins with.
        followers = {account: made.followers(account, at=FIRST_DAY) for account in made.holders}
        return self._creators | Dataset(items, followers=followers)

    @cached_property
    def _holders(self) -> Dataset:
        plan = Plan(days=self._days, **self.accounts.model_dump())
        return generated_truth(self.seed, start=self.start, plan=plan)

    def world(self, *, rate: float = 0.0, log_length: int | None = None) -> World:
        """A new world at the scenario's start; over HTTP its events happen by themselves.

        Args:
            rate: Simulated seconds per real second.
            log_length: How many requests its log keeps; none: all of them.
        """
        made = World(
            self.dataset,
            now=self.start,
            rate=rate,
            log_length=log_length,
            ad_plan=self._ad_plan,
            ad_seed=self.seed,
        )
        made.catch_up = lambda: self._catch_up(made)
        return made

    def play(self, world: World, until: datetime) -> int:
        """Let every event happen whose time has come and that has not happened in this world.

        Returns:
            How many happened.
        """
        with world.playing:
            due = [act for at, act in self._acts[world.played :] if self.start + at <= until]
            for act in due:
                act(world)
            world.played += len(due)
        return len(due)

    def spared(self, platform: Platform) -> list[AccountRef]:
        """Accounts with a token that no event is about."""
        named = {
            event.account for event in (*self.faults, *self.tokens) if event.platform == platform
        }
        if platform == "instagram":
            named |= {odd.account for odd in self.odd_posts}
        accounts = holders_on(self.dataset, platform)
        return [account for place, account in enumerate(accounts) if place not in named]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = list(self._wrong())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _wrong(self) -> Iterator[str]:
        """What is named that there is not."""
        for event in self._events:
            if event.at > self.lasts:
                yield f"{event.kind}: at {event.at}, after the end"
        for event in (*self.faults, *self.ad_faults):
            if event.kind not in FAULT_KINDS[event.platform]:
                yield f"{event.kind}: no fault of {event.platform}"
        for event in self.creator_faults:
            if event.kind not in SIFT_FAULT_KINDS:
                yield f"{event.kind}: no fault of SIFT"
        yield from self._nowhere()

    def _nowhere(self) -> Iterator[str]:
        for event in (*self.faults, *self.tokens, *self.odd_posts):
            try:
                event.about(self._holders)
            except IndexError:
                yield f"{event.kind}: no such account, post or story"
        yield from self._no_ad()
        for event in self.creator_faults:
            if event.creator >= self.creators:
                yield f"{event.kind}: no creator {event.creator}"

    def _no_ad(self) -> Iterator[str]:
        named = (*self.ad_faults, *self.ad_tokens)
        if not named:
            return
        # Which ads there are follows from all that is ever published.
        ads = AdWorld(self.dataset, plan=self._ad_plan, seed=self.seed)
        for event in named:
            try:
                event.about(ads)
            except IndexError:
                yield f"{event.kind}: no such ad account or ad"

    @property
    def _ad_plan(self) -> AdPlan:
        return AdPlan(**self.ads.model_dump())

    @property
    def _events(
        self,
    ) -> tuple[FaultEvent | TokenEvent | CreatorEvent | AdFaultEvent | AdTokenEvent, ...]:
        return (
            *self.faults,
            *self.tokens,
            *self.creator_faults,
            *self.ad_faults,
            *self.ad_tokens,
        )

    @property
    def _days(self) -> int:
        return max(1, ceil(self.lasts / timedelta(days=1)))

    @property
    def _creators(self) -> Dataset:
        if not self.creators:
            return Dataset(name=self.name)
        return generated_captures(
            self.seed, accounts=self.creators, days=self._days, start=self.start
        )

    def _catch_up(self, world: World) -> None:
        now = world.clock.now()
        if world.played < len(self._acts) and self.start + self._acts[world.played][0] <= now:
            self.play(world, now)

    @cached_property
    def _acts(self) -> list[Act]:
        """Everything that happens, in the order of time."""
        plain = (*self.faults, *self.tokens, *self.ad_faults, *self.ad_tokens)
        acts: list[Act] = [(event.at, event.happen) for event in plain]
        acts += [act for event in self.creator_faults for act in event.acts()]
        return sorted(acts, key=lambda act: act[0])


def load_scenario(path: Path | str) -> Scenario:
    """The scenario of a file, or the shipped one of this name.

    Raises:
        InputRefusedError: There is no such file, or it is not as it should be.
    """
    shipped = SHIPPED / f"{path}.toml"
    file = shipped if shipped.is_file() else Path(path)
    try:
        scenario = Scenario.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.toml")))
        raise InputRefusedError(
            f"scenario {path}: {error.strerror or error}. Name a file, or one of: {known}."
        ) from error
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefusedError(f"scenario {path}: {error}. Correct the file.") from error
    return scenario
