"""Files of layers: one YAML file in, all of its layers and ad sets stated, or none.

Belongs here: the keys of such a file, and what they mean.
Does not belong here: YAML as such (``files.yaml_text``), what a layer may be (``operations``).
"""

from pathlib import Path
from typing import Final

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.yaml_text import Entry, read_yaml
from layers_pipeline.operations.layers import NewAdSet, NewLayer, Stated
from layers_pipeline.operations.validators import require_word
from layers_pipeline.steps.stores import Stores
from transforms.selection.rules import SELECTION
from transforms.vocabulary import LAYER_MODES, POOLS, AdPlatform

PLATFORM_WORDS: Final[dict[str, AdPlatform]] = {"meta_ads": "meta", "tiktok_ads": "tiktok"}
"""What people call an ad platform, and what we do."""
LAYER_KEYS: Final = ("layer", "project", "platform", "mode", "ad_account", "ended", "ad_sets")
AD_SET_KEYS: Final = ("id", "name", "capacity", "slots", "needs_creatives")


def state_layers_of(stores: Stores, path: Path, *, changed_by: str) -> Stated:
    """State every layer and ad set of a YAML file; the same file again changes nothing.

    Raises:
        InputRefusedError: The file cannot be read or an entry is wrong, which is named with its
            line; nothing was written.
        NotFoundError: A project does not exist; nothing was written.
    """
    root = read_yaml(path)
    root.require_keys(("layers",))
    entries = root.entries("layers")
    if not entries:
        raise InputRefusedError(f"{path}: it has no layers. List them under 'layers:'.")
    layers = [_layer(entry) for entry in entries]
    ad_sets = [
        _ad_set(inside, layer_id=layer.layer_id)
        for layer, entry in zip(layers, entries, strict=True)
        for inside in entry.entries("ad_sets")
    ]
    _refuse_repeats(path, [row.layer_id for row in layers], what="layer")
    _refuse_repeats(path, [f"{row.layer_id}/{row.ad_set_id}" for row in ad_sets], what="ad set")
    now = stores.clock.now()
    return stores.operations.layers.state(layers, ad_sets, changed_by=changed_by, now=now)


def platform_of(word: str, *, what: str) -> AdPlatform:
    """The ad platform that people mean by a word."""
    return PLATFORM_WORDS[require_word(word, tuple(PLATFORM_WORDS), what=what)]


def _layer(entry: Entry) -> NewLayer:
    entry.require_keys(LAYER_KEYS)
    about = f"{entry.where}: layer {entry.text('layer')}"
    return NewLayer(
        layer_id=entry.text("layer"),
        project_id=entry.text("project"),
        ad_platform=platform_of(entry.text("platform"), what=f"{about}: platform"),
        mode=require_word(entry.text("mode"), LAYER_MODES, what=f"{about}: mode"),
        ad_account_id=entry.text("ad_account"),
        is_ended=entry.truth("ended", default=False),
    )


def _ad_set(entry: Entry, *, layer_id: str) -> NewAdSet:
    entry.require_keys(AD_SET_KEYS)
    slots = entry.inside("slots")
    slots.require_keys(POOLS)
    return NewAdSet(
        layer_id=layer_id,
        ad_set_id=entry.text("id"),
        name=entry.text("name"),
        capacity=entry.whole("capacity", default=SELECTION.capacity),
        slots_generated=slots.whole("generated", default=SELECTION.slots),
        slots_ugc=slots.whole("ugc", default=SELECTION.slots),
        slots_manual=slots.whole("manual", default=SELECTION.slots),
        needs_creatives=entry.truth("needs_creatives", default=True),
    )


def _refuse_repeats(path: Path, names: list[str], *, what: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputRefusedError(
            f"{path}: {what} {', '.join(repeated[:5])} comes twice. Keep one entry."
        )
