"""``layers-pipeline layer``: where a project's ads run, and how many fit.

Belongs here: commands, their options, saying what came of them.
Does not belong here: storage (``operations``), files of layers (``steps.ingest``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from layers_pipeline.cli.answers import FormatOption, as_thing, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.operations.layers import AdSet, Layer, NewAdSet, NewLayer, Stated, standing
from layers_pipeline.steps.ingest.layer_files import PLATFORM_WORDS, platform_of, state_layers_of
from layers_pipeline.steps.stores import Stores
from transforms.selection.rules import SELECTION
from transforms.vocabulary import LayerMode

layer_app = typer.Typer()
ad_set_app = typer.Typer()
layer_app.add_typer(ad_set_app, name="ad-set", help="Ad sets of layers.")

LayerArgument = Annotated[str, typer.Argument(metavar="LAYER", help="Short name of the layer.")]
ByOption = Annotated[str, typer.Option(help="Who says so. Default: the user of this machine.")]
OnlyProject = Annotated[str, typer.Option("--project", help="Only this project's.")]
SlotOption = Annotated[
    int,
    typer.Option(
        min=0, max=SELECTION.platform_capacity, help="Slots of this pool, within the capacity."
    ),
]
LAYER: Final = ("layer", "project", "platform", "mode", "ad account", "ended", "since")
AD_SET: Final = ("ad set", "name", "capacity", "generated", "ugc", "manual", "open", "since")
WORDS_OF = {platform: word for word, platform in PLATFORM_WORDS.items()}


@layer_app.command(
    "add",
    epilog=example(
        "layer add summer --project my-brand --platform meta_ads --mode byo --ad-account 1234567890"
    ),
)
def add_layer(
    layer: LayerArgument,
    *,
    project: ProjectOption,
    platform: Annotated[Literal["meta_ads", "tiktok_ads"], typer.Option(help="Where its ads run.")],
    mode: Annotated[
        LayerMode, typer.Option(help="agency: our Business Center; byo: the brand's own account.")
    ],
    ad_account: Annotated[str, typer.Option(help="The platform's id of the ad account.")],
    ended: Annotated[
        bool, typer.Option("--ended/--open", help="Whether nothing is picked for it any more.")
    ] = False,
    by: ByOption = "",
) -> None:
    """Add a layer to a project, or change it; the same again changes nothing."""
    new = NewLayer(
        layer_id=layer,
        project_id=project,
        ad_platform=platform_of(platform, what="platform"),
        mode=mode,
        ad_account_id=ad_account,
        is_ended=ended,
    )
    with opened() as stores:
        stated = _state(stores, layers=[new], by=by or user_name("layer add"))
    say(f"Layer {layer} of project {project!r}: {_said(stated.layers)}.")


@layer_app.command("list", epilog=example("layer list --project my-brand"))
def list_layers(project: OnlyProject = "", form: FormatOption = "table") -> None:
    """List the layers as they stand, and how many ad sets each has; JSON has these, too."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        layers = standing(stores.operations.layers.all())
        ad_sets = standing(stores.operations.layers.ad_sets())
    shown = [row for row in layers if project in ("", row.project_id)]
    own = [[_ad_set(one) for one in ad_sets if one.layer_id == row.layer_id] for row in shown]
    rows = [_layer(row) for row in shown]
    print_rows(
        form,
        (*LAYER, "ad sets"),
        [(*row, len(sets)) for row, sets in zip(rows, own, strict=True)],
        things=[
            as_thing(LAYER, row) | {"ad_sets": [as_thing(AD_SET, one) for one in sets]}
            for row, sets in zip(rows, own, strict=True)
        ],
    )


@layer_app.command("import", epilog=example("layer import layers.yaml"))
def import_layers(
    file: Annotated[Path, typer.Argument(help="A YAML file of layers and their ad sets.")],
    by: ByOption = "",
) -> None:
    """Add or change the layers of a YAML file, all or none; the same file changes nothing.

    Under 'layers:' each entry has layer, project, platform (meta_ads or tiktok_ads), mode and
    ad_account; and if wanted ended, ad_sets (id, name, capacity, slots, needs_creatives).
    """
    with opened() as stores:
        stated = state_layers_of(stores, file, changed_by=by or user_name("layer import"))
    say(f"{file.name}: {stated.layers:,} layers and {stated.ad_sets:,} ad sets are new or changed.")


@ad_set_app.command(
    "add",
    epilog=example(
        'layer ad-set add summer 120210000000000002 --name "Summer, women 18-24" --ugc 4'
    ),
)
def add_ad_set(
    layer: LayerArgument,
    ad_set: Annotated[str, typer.Argument(metavar="AD_SET", help="The platform's id.")],
    *,
    name: Annotated[str, typer.Option(help="Name that people read.")],
    capacity: Annotated[
        int, typer.Option(min=1, max=SELECTION.platform_capacity, help="Ads that run at once.")
    ] = SELECTION.capacity,
    generated: SlotOption = SELECTION.slots,
    ugc: SlotOption = SELECTION.slots,
    manual: SlotOption = SELECTION.slots,
    needs_creatives: Annotated[
        bool, typer.Option("--open/--closed", help="Whether content is picked for it.")
    ] = True,
    by: ByOption = "",
) -> None:
    """Add an ad set to a layer, or change it; the same again changes nothing."""
    new = NewAdSet(
        layer_id=layer,
        ad_set_id=ad_set,
        name=name,
        capacity=capacity,
        slots_generated=generated,
        slots_ugc=ugc,
        slots_manual=manual,
        needs_creatives=needs_creatives,
    )
    with opened() as stores:
        stated = _state(stores, ad_sets=[new], by=by or user_name("layer ad-set add"))
    say(f"Ad set {ad_set} of layer {layer}: {_said(stated.ad_sets)}.")


@ad_set_app.command("list", epilog=example("layer ad-set list --project my-brand"))
def list_ad_sets(project: OnlyProject = "", form: FormatOption = "table") -> None:
    """List the ad sets as they stand."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        layers = {row.layer_id: row for row in standing(stores.operations.layers.all())}
        rows = standing(stores.operations.layers.ad_sets())
    shown = [row for row in rows if project in ("", layers[row.layer_id].project_id)]
    print_rows(form, ("layer", *AD_SET), [(row.layer_id, *_ad_set(row)) for row in shown])


def _layer(row: Layer) -> tuple[Any, ...]:
    return (
        row.layer_id,
        row.project_id,
        WORDS_OF[row.ad_platform],
        row.mode,
        row.ad_account_id,
        row.is_ended,
        row.known_at,
    )


def _ad_set(row: AdSet) -> tuple[Any, ...]:
    return (
        row.ad_set_id,
        row.name,
        row.capacity,
        row.slots_generated,
        row.slots_ugc,
        row.slots_manual,
        row.needs_creatives,
        row.known_at,
    )


def _state(
    stores: Stores, *, layers: Sequence[NewLayer] = (), ad_sets: Sequence[NewAdSet] = (), by: str
) -> Stated:
    now = stores.clock.now()
    return stores.operations.layers.state(layers, ad_sets, changed_by=by, now=now)


def _said(changes: int) -> str:
    return "stored, from the next tick on" if changes else "as it was, nothing changed"
