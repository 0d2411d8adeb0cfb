"""Layers and their ad sets: where a project's ads run, and how many fit.

Belongs here: the tables ``layers`` and ``ad_sets``, histories that are only added to.
Does not belong here: ads themselves (the lake), which content is picked (``transforms.selection``).

Rows are added and never changed, so that what stood at any past moment can be read; the newest
row of a layer or an ad set counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text, require_word
from layers_pipeline.operations.verdicts import KNOWN_AT, known_after
from transforms.selection.rules import SELECTION
from transforms.vocabulary import AD_PLATFORMS, LAYER_MODES, AdPlatform, LayerMode

PLATFORM_CAPACITY: Final = SELECTION.platform_capacity
"""No setting goes beyond it."""
NAME_LENGTH: Final = 200
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_BY: Final = "name of the person"


class Layer(Base):
    """Grain: one row per layer and change of it. The newest one counts."""

    __tablename__ = "layers"
    __table_args__ = (
        one_of("ad_platform", AD_PLATFORMS),
        one_of("mode", LAYER_MODES),
        {"comment": "Where a project's ads run. Grain: layer and change of it."},
    )

    layer_id: Mapped[str] = mapped_column(primary_key=True, comment="Slug that people choose.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), index=True, comment="Whose; never changes."
    )
    ad_platform: Mapped[AdPlatform] = mapped_column(
        String, comment="meta or tiktok; never changes."
    )
    mode: Mapped[LayerMode] = mapped_column(String, comment="agency or byo.")
    ad_account_id: Mapped[str] = mapped_column(comment="The platform's id, without act_.")
    is_ended: Mapped[bool] = mapped_column(comment="True: nothing is picked for it any more.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


class AdSet(Base):
    """Grain: one row per ad set and change of it. The newest one counts."""

    __tablename__ = "ad_sets"
    __table_args__ = (
        CheckConstraint(f"capacity BETWEEN 1 AND {PLATFORM_CAPACITY}", name="capacity"),
        CheckConstraint(
            "slots_generated >= 0 AND slots_ugc >= 0 AND slots_manual >= 0", name="slots"
        ),
        {"comment": "Ad sets of layers. Grain: ad set and change of it."},
    )

    layer_id: Mapped[str] = mapped_column(primary_key=True, comment="Its layer.")
    ad_set_id: Mapped[str] = mapped_column(primary_key=True, comment="The platform's id.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), comment="Name that people read.")
    capacity: Mapped[int] = mapped_column(comment="Ads that may run in it at once, 1-50.")
    slots_generated: Mapped[int] = mapped_column(comment="Of them, of the generated pool.")
    slots_ugc: Mapped[int] = mapped_column(comment="Of them, of the ugc pool.")
    slots_manual: Mapped[int] = mapped_column(comment="Of them, of the manual pool.")
    needs_creatives: Mapped[bool] = mapped_column(comment="False: nothing is picked for it.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


@dataclass(frozen=True, kw_only=True)
class NewLayer:
    """A layer as it is to stand. Grain: one per layer."""

    layer_id: str
    project_id: str
    ad_platform: AdPlatform
    mode: LayerMode
    ad_account_id: str
    is_ended: bool = False


@dataclass(frozen=True, kw_only=True)
class NewAdSet:
    """An ad set as it is to stand. Grain: one per ad set."""

    layer_id: str
    ad_set_id: str
    name: str
    capacity: int = SELECTION.capacity
    slots_generated: int = SELECTION.slots
    slots_ugc: int = SELECTION.slots
    slots_manual: int = SELECTION.slots
    needs_creatives: bool = True


@dataclass(frozen=True, kw_only=True)
class Stated:
    """How many rows said something new."""

    layers: int = 0
    ad_sets: int = 0


Change = TypeVar("Change", Layer, AdSet)


class Layers(Repository):
    """Where projects' ads run."""

    def state(
        self,
        layers: Iterable[NewLayer],
        ad_sets: Iterable[NewAdSet] = (),
        *,
        changed_by: str,
        now: datetime,
    ) -> Stated:
        """Store layers and ad sets where they are new or have changed, all of them or none.

        Raises:
            InputRefusedError: A value cannot be stored, a layer would move to another project or
                platform, or an ad set is another layer's; nothing was written.
            NotFoundError: A project or a layer does not exist; nothing was written.
        """
        at, by = require_aware(now, what="now"), require_key(changed_by, what=_BY)
        new_layers = [_sound_layer(row) for row in layers]
        new_sets = [_sound_ad_set(row) for row in ad_sets]
        with self._database.write() as session:
            one_writer(session, Layer)
            one_writer(session, AdSet)
            require_projects(session, [row.project_id for row in new_layers])
            stored = _newest(session, Layer, "layer_id")
            _require_same_home(stored, new_layers)
            changed = _changes(Layer, stored, new_layers, key=("layer_id",), at=at, by=by)
            session.add_all(changed)
            sets = _newest(session, AdSet, "layer_id", "ad_set_id")
            _require_own_layers(stored, sets, new_sets)
            key = ("layer_id", "ad_set_id")
            changed_sets = _changes(AdSet, sets, new_sets, key=key, at=at, by=by)
            session.add_all(changed_sets)
            return Stated(layers=len(changed), ad_sets=len(changed_sets))

    def get(self, layer_id: str) -> Layer:
        """The layer as it stands.

        Raises:
            NotFoundError: There is none of that id; names those there are.
        """
        standing = {row.layer_id: row for row in self.all()}
        if layer_id not in standing:
            raise _no_layer(layer_id, standing)
        return standing[layer_id]

    def all(self) -> list[Layer]:
        """Every change of every layer, by layer and time."""
        return self._rows(select(Layer).order_by(Layer.layer_id, Layer.known_at))

    def ad_sets(self) -> list[AdSet]:
        """Every change of every ad set, by layer, ad set and time."""
        return self._rows(select(AdSet).order_by(AdSet.layer_id, AdSet.ad_set_id, AdSet.known_at))


def standing(history: Iterable[Change]) -> list[Change]:
    """The last row of each layer or ad set of a history, which comes in the order of time."""
    last: dict[tuple[str, ...], Change] = {}
    for row in history:
        sets = (row.ad_set_id,) if isinstance(row, AdSet) else ()
        last[row.layer_id, *sets] = row
    return list(last.values())


def _newest(session: Session, model: type[Change], *key: str) -> dict[tuple[str, ...], Change]:
    rows = session.scalars(select(model).order_by(model.known_at))
    return {tuple(getattr(row, name) for name in key): row for row in rows}


def _changes(
    model: type[Change],
    stored: dict[tuple[str, ...], Change],
    rows: Sequence[NewLayer | NewAdSet],
    *,
    key: tuple[str, ...],
    at: datetime,
    by: str,
) -> list[Change]:
    """The rows that say something new, each known after what it replaces."""
    changes: list[Change] = []
    for row in rows:
        given: dict[str, Any] = asdict(row)
        name = tuple(given[column] for column in key)
        before = stored.get(name)
        if before is None or any(getattr(before, column) != given[column] for column in given):
            known_at = known_after(before and before.known_at, at)
            stored[name] = model(**given, known_at=known_at, changed_by=by)
            changes.append(stored[name])
    return changes


def _require_same_home(stored: dict[tuple[str, ...], Layer], layers: Iterable[NewLayer]) -> None:
    """Refuse to move a layer: what was picked for it would be another project's."""
    homes = {key[0]: (row.project_id, row.ad_platform) for key, row in stored.items()}
    for row in layers:
        home = homes.setdefault(row.layer_id, (row.project_id, row.ad_platform))
        if home != (row.project_id, row.ad_platform):
            raise InputRefusedError(
                f"layer {row.layer_id!r} is of project {home[0]!r} on {home[1]}, not of"
                f" {row.project_id!r} on {row.ad_platform}. A layer stays where it is: end it"
                " (--ended) and add another under another id."
            )


def _require_own_layers(
    stored: dict[tuple[str, ...], Layer],
    sets: dict[tuple[str, ...], AdSet],
    ad_sets: Iterable[NewAdSet],
) -> None:
    """Refuse ad sets without a layer, and those that are another layer's of the platform."""
    platforms = {key[0]: row.ad_platform for key, row in stored.items()}
    owners = {(platforms.get(layer, ""), ad_set): layer for layer, ad_set in sets}
    for row in ad_sets:
        if row.layer_id not in platforms:
            raise _no_layer(row.layer_id, platforms)
        owner = owners.setdefault((platforms[row.layer_id], row.ad_set_id), row.layer_id)
        if owner != row.layer_id:
            raise InputRefusedError(
                f"ad set {row.ad_set_id} of {platforms[row.layer_id]} is in layer {owner!r}, so it"
                f" cannot be in {row.layer_id!r}. Check the id in the ads manager."
            )


def _no_layer(layer_id: str, known: Iterable[str]) -> NotFoundError:
    shown = ", ".join(sorted(known)[:20]) or "none"
    return NotFoundError(
        f"layer {layer_id!r} does not exist. Known: {shown}. Check the spelling, or add it:"
        " layers-pipeline layer add."
    )


def _sound_layer(row: NewLayer) -> NewLayer:
    if not _SLUG.fullmatch(row.layer_id):
        raise InputRefusedError(
            f"layer id {row.layer_id[:100]!r} is not a slug. Use 1 to 63 of a-z, 0-9, '_' and"
            " '-', starting with a letter or digit, such as 'brand-meta'."
        )
    require_word(row.ad_platform, AD_PLATFORMS, what=f"layer {row.layer_id}: ad platform")
    require_word(row.mode, LAYER_MODES, what=f"layer {row.layer_id}: mode")
    account = row.ad_account_id.removeprefix("act_")
    if not _ACCOUNT.fullmatch(account):
        raise InputRefusedError(
            f"layer {row.layer_id}: ad account {row.ad_account_id[:100]!r} is no id. Give the"
            " digits that the ads manager shows."
        )
    return NewLayer(**{**asdict(row), "ad_account_id": account})


def _sound_ad_set(row: NewAdSet) -> NewAdSet:
    about = f"layer {row.layer_id}: ad set {row.ad_set_id}"
    require_key(row.ad_set_id, what=f"layer {row.layer_id}: ad set")
    name = require_text(row.name, what=f"{about}: name", longest=NAME_LENGTH)
    if not 1 <= row.capacity <= PLATFORM_CAPACITY:
        raise InputRefusedError(
            f"{about}: capacity is {row.capacity}. Give 1 to {PLATFORM_CAPACITY}, the number of"
            " ads that the platforms allow in one ad set."
        )
    for pool in ("generated", "ugc", "manual"):
        slots = getattr(row, f"slots_{pool}")
        if not 0 <= slots <= PLATFORM_CAPACITY:
            raise InputRefusedError(
                f"{about}: {slots} slots for {pool}. Give 0 to {PLATFORM_CAPACITY}."
            )
    return NewAdSet(**{**asdict(row), "name": name})
