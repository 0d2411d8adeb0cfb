"""``layers-pipeline content``: creatives, and what people say of content.

Belongs here: commands, their options, refusing what nobody knows, saying what came of it.
Does not belong here: storage (``operations``), files of creatives (``steps.ingest``).
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer

from layers_pipeline import moments
from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.found import find_content, show_content
from layers_pipeline.cli.right import right_app
from layers_pipeline.cli.schedule import schedule_app
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.content_ids import kind_of_creative, require_container
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.verdicts import ContentApproval, ContentOverride
from layers_pipeline.steps.ingest.creative_files import add_creatives_of, new_creative
from layers_pipeline.steps.stores import Stores
from transforms.facts.content_ids import joined, parts
from transforms.vocabulary import AD_PLATFORMS, AdPlatform, Approval, CreativeKind, Override

content_app = typer.Typer()
content_app.add_typer(right_app, name="right", help="Rights to run creators' posts as ads.")
content_app.add_typer(schedule_app, name="schedule", help="What projects mean to publish.")
content_app.command(
    "find",
    epilog=example('content find --project my-brand --query "platform=tiktok&sort=-views"'),
)(find_content)
content_app.command(
    "show", epilog=example("content show tiktok:7501000000000000005 --project my-brand")
)(show_content)

ContainerArgument = Annotated[
    str,
    typer.Argument(help="Container: generated:SLUG, manual:SLUG, tiktok:ID or instagram:ID."),
]
ByOption = Annotated[str, typer.Option(help="Who decides. Default: the user of this machine.")]
NoteOption = Annotated[str | None, typer.Option(help="Why, in 280 characters at most.")]


@content_app.command(
    "add",
    epilog=example('content add generated launch-1 --project my-brand --prompt "A beach at dawn"'),
)
def add_creative(
    kind: Annotated[CreativeKind, typer.Argument(help="How it came about.")],
    slug: Annotated[str, typer.Argument(help="Name of your choice: letters, digits, '.', '_', -.")],
    *,
    project: ProjectOption,
    created_at: Annotated[
        str, typer.Option(help="When it was made, ISO 8601 with offset. Default: now.")
    ] = "",
    prompt: Annotated[str | None, typer.Option(help="Prompt that it was generated from.")] = None,
    influencer: Annotated[str | None, typer.Option(help="Whom it shows.")] = None,
    media_source: Annotated[str | None, typer.Option(help="Where its media comes from.")] = None,
) -> None:
    """Add a creative to a project; what another project knows of it need not be repeated."""
    creative = new_creative(
        project_id=project,
        kind=kind,
        slug=slug,
        created_at=(
            moments.parse(created_at, what="--created-at", naive="refused") if created_at else None
        ),
        prompt=prompt,
        influencer=influencer,
        media_source=media_source,
    )
    with opened() as stores:
        new = stores.operations.creatives.add([creative], now=stores.clock.now())
    said = "added to" if new else "was there already: unchanged in"
    say(f"Creative {creative.container_id} {said} project {project!r}.")


@content_app.command("import", epilog=example("content import creatives.csv"))
def import_creatives(
    file: Annotated[Path, typer.Argument(help="A Parquet, CSV or NDJSON file.")],
) -> None:
    """Add the creatives of a file, all of them or none; the same file again changes nothing.

    Columns: project_id, kind, slug; and if known created_at, prompt, influencer, media_source.
    """
    with opened() as stores:
        added = add_creatives_of(stores, file)
    say(f"{file.name}: {added.rows:,} creatives, {added.new:,} of them new.")
    if added.ignored_columns:
        say(f"Columns that are no part of a creative: {', '.join(added.ignored_columns)}.")


@content_app.command("list", epilog=example("content list --project my-brand"))
def list_creatives(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    form: FormatOption = "table",
) -> None:
    """List the creatives and how their reviews, overrides and approvals stand."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = [row for row in stores.operations.creatives.all() if project in ("", row.project_id)]
        decisions = _current_decisions(stores.operations)
    print_rows(
        form,
        ("project", "container", "made", "influencer", "media source", *decisions),
        [
            (
                row.project_id,
                row.container_id,
                row.created_at,
                row.influencer,
                row.media_source,
                decisions["safety"].get(row.container_id),
                decisions["override"].get(joined(row.project_id, row.container_id)),
                decisions["approval"].get(joined(row.project_id, row.container_id)),
            )
            for row in rows
        ],
    )


@content_app.command(
    "review",
    epilog=example('content review tiktok:7501000000000000002 --failed --note "Shows alcohol"'),
)
def review_content(
    container: ContainerArgument,
    *,
    failed: Annotated[bool, typer.Option("--failed/--passed", help="How the review ended.")],
    note: NoteOption = None,
    by: ByOption = "",
) -> None:
    """Store the outcome of a safety review; one that failed scores 0 and never runs, anywhere."""
    with opened() as stores:
        _require_known(stores, container)
        stores.operations.verdicts.review(
            container,
            safety_failed=failed,
            reviewed_by=by or user_name("content review"),
            note=note,
            now=stores.clock.now(),
        )
    said = "failed: it scores 0 and is not eligible" if failed else "passed"
    say(f"Safety review of {container}: {said}, from the next tick on.")


@content_app.command(
    "override",
    epilog=example(
        'content override tiktok:7501000000000000002 include --project my-brand --note "Launch"'
    ),
)
def override_content(
    container: ContainerArgument,
    override: Annotated[
        Literal[Override, "none"], typer.Argument(help="none leaves it to the score again.")
    ],
    project: ProjectOption,
    note: Annotated[str, typer.Option(help="Why, in 280 characters at most.")],
    by: ByOption = "",
) -> None:
    """Include or exclude content in one project, whatever its score."""
    with opened() as stores:
        content = _content(stores, project, container)
        stores.operations.verdicts.override(
            content,
            None if override == "none" else override,
            note=note,
            changed_by=by or user_name("content override"),
            now=stores.clock.now(),
        )
    say(f"Override of {content}: {override}, from the next tick on.")


@content_app.command(
    "approve", epilog=example("content approve generated:launch-1 approved --project my-brand")
)
def approve_content(
    container: ContainerArgument,
    approval: Annotated[Approval, typer.Argument(help="How it stands now.")],
    project: ProjectOption,
    note: NoteOption = None,
    by: ByOption = "",
) -> None:
    """Store how the approval of content in one project stands; no part of eligibility."""
    with opened() as stores:
        content = _content(stores, project, container)
        stores.operations.verdicts.approve(
            content,
            approval,
            note=note,
            changed_by=by or user_name("content approve"),
            now=stores.clock.now(),
        )
    say(f"Approval of {content}: {approval}.")


@content_app.command(
    "ad", epilog=example("content ad generated:launch-1 meta:120210000000000001 --project my-brand")
)
def connect_ad(
    container: ContainerArgument,
    ad: Annotated[
        str, typer.Argument(metavar="PLATFORM:AD_ID", help="The ad: meta:ID or tiktok:ID.")
    ],
    project: ProjectOption,
) -> None:
    """Say that an ad shows a content, so that its spend counts for that content."""
    platform, ad_id = _ad(ad)
    with opened() as stores:
        content = _content(stores, project, container)
        link = NewAd(ad_platform=platform, ad_id=ad_id, ads_content_id=content)
        new = stores.operations.ads.connect([link], now=stores.clock.now())
    known = "" if new else ", as was known: nothing changed"
    say(f"Ad {ad} shows {content}{known}.")


def _ad(text: str) -> tuple[AdPlatform, str]:
    platform, _, ad_id = text.partition(":")
    for known in AD_PLATFORMS:
        if platform == known and ad_id:
            return known, ad_id
    raise InputRefusedError(f"ad {text!r}: write meta:AD_ID or tiktok:AD_ID.")


@content_app.command("history", epilog=example("content history tiktok:7501000000000000002"))
def show_history(container: ContainerArgument, form: FormatOption = "table") -> None:
    """Show all that people ever said of a container, in every project, oldest first."""
    with opened() as stores:
        _require_known(stores, container)
        said = _history(stores.operations, container)
    print_rows(form, ("when (UTC)", "project", "what", "says", "note", "by"), said)


def _history(operations: Operations, container: str) -> list[tuple[Any, ...]]:
    """What was said of a container: when, in which project, what, note, by whom."""
    said: list[tuple[datetime, Any, str, str, str | None, str | None]] = [
        (row.known_at, row.project_id, "added", row.kind, None, None)
        for row in operations.creatives.all()
        if row.container_id == container
    ]
    said += [
        (
            row.known_at,
            None,
            "safety review",
            "failed" if row.safety_failed else "passed",
            row.note,
            row.reviewed_by,
        )
        for row in operations.verdicts.reviews()
        if row.container_id == container
    ]
    decisions: list[ContentOverride | ContentApproval] = [
        *operations.verdicts.overrides(),
        *operations.verdicts.approvals(),
    ]
    for row in decisions:
        project, of = parts(row.ads_content_id)
        if of == container:
            what, says = _decision(row)
            said.append((row.known_at, project, what, says, row.note, row.changed_by))
    return sorted(said, key=lambda line: line[0])


def _decision(row: ContentOverride | ContentApproval) -> tuple[str, str]:
    if isinstance(row, ContentOverride):
        return "override", row.override or "none"
    return "approval", row.approval


def _current_decisions(operations: Operations) -> dict[str, dict[str, str | None]]:
    """What was said last, by what it is about; histories come in the order of time."""
    return {
        "safety": {
            row.container_id: "failed" if row.safety_failed else "passed"
            for row in operations.verdicts.reviews()
        },
        "override": {row.ads_content_id: row.override for row in operations.verdicts.overrides()},
        "approval": {row.ads_content_id: row.approval for row in operations.verdicts.approvals()},
    }


def _content(stores: Stores, project: str, container: str) -> str:
    """The ads content's id, once its project and its container are known to be there."""
    stores.operations.projects.get(project)
    _require_known(stores, container, project=project)
    return joined(project, container)


def _require_known(stores: Stores, container: str, *, project: str | None = None) -> None:
    """Refuse a container that is not there: what is said of it would say nothing."""
    if kind_of_creative(require_container(container)) is not None:
        stores.operations.creatives.require(container, project_id=project)
        return
    known = stores.lake.read(catalog.CONTENT_CONTAINERS)
    if known.filter(pl.col("container_id") == container).head(1).collect().is_empty():
        raise NotFoundError(
            f"content {container}: no such post has come in. Check the id (see platform_posts), or"
            " sync or import it first; what has landed is derived within half an hour."
        )
