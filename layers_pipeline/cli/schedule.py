"""``layers-pipeline content schedule``: what projects mean to publish, where and when.

Belongs here: commands, their options, saying what came of them.
Does not belong here: storage (``operations``), files of posts (``steps.ingest``), which posts a
filter keeps (``views``).
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from layers_pipeline import moments
from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.steps.ingest.scheduled_files import state_scheduled_of
from layers_pipeline.views.filters import ContentFilter, Deleted
from layers_pipeline.views.scheduled import scheduled
from transforms.vocabulary import MediaType

schedule_app = typer.Typer()

PostArgument = Annotated[
    str, typer.Argument(metavar="POST", help="Short name of the post, such as spring-teaser.")
]
ByOption = Annotated[str, typer.Option(help="Who says so. Default: the user of this machine.")]
COLUMNS: Final = (
    "post",
    "state",
    "local time",
    "UTC",
    "account",
    "media type",
    "caption",
    "creative",
    "by",
)


@schedule_app.command(
    "add",
    epilog=example(
        "content schedule add teaser --project my-brand --account tiktok:ada "
        "--at 2025-05-14T18:00 --caption Spring"
    ),
)
def add_post(
    post: PostArgument,
    *,
    project: ProjectOption,
    account: Annotated[str, typer.Option(help="Where, such as tiktok:ada.")],
    at: Annotated[
        str,
        typer.Option(help="When, such as 2025-05-14T18:00 in the project's zone, or with offset."),
    ],
    caption: Annotated[str, typer.Option(help="Its text.")],
    media_type: Annotated[MediaType | None, typer.Option(help="Kind of post.")] = None,
    creative: Annotated[
        str | None, typer.Option(help="What it shows, such as generated:teaser-12.")
    ] = None,
    by: ByOption = "",
) -> None:
    """Schedule a post, or change it; one that was cancelled is to appear again."""
    with opened() as stores:
        zone = stores.operations.projects.get(project).time_zone
        new = NewScheduledPost(
            project_id=project,
            slug=post,
            account_id=account,
            scheduled_for=moments.parse_in_zone(at, zone=zone, what="--at"),
            caption=caption,
            media_type=media_type,
            container_id=creative,
        )
        changed = stores.operations.scheduled_posts.state(
            [new], changed_by=by or user_name("content schedule add"), now=stores.clock.now()
        )
    said = "stored" if changed else "as it was, nothing changed"
    say(f"Post {post} of project {project!r}, {new.scheduled_for:%Y-%m-%d %H:%M} UTC: {said}.")


@schedule_app.command(
    "cancel",
    epilog=example('content schedule cancel teaser --project my-brand --note "Wrong music"'),
)
def cancel_post(
    post: PostArgument,
    *,
    project: ProjectOption,
    note: Annotated[str, typer.Option(help="Why, in 280 characters at most.")],
    by: ByOption = "",
) -> None:
    """Say that a scheduled post is not to appear; what it was stays in the history."""
    with opened() as stores:
        changed = stores.operations.scheduled_posts.cancel(
            project,
            post,
            note=note,
            changed_by=by or user_name("content schedule cancel"),
            now=stores.clock.now(),
        )
    say(
        f"Post {post} of project {project!r}: {'cancelled' if changed else 'was cancelled before'}."
    )


@schedule_app.command(
    "list",
    epilog=example(
        'content schedule list --project my-brand --query "from=2025-05-01&until=2025-05-31"'
    ),
)
def list_posts(
    project: ProjectOption,
    *,
    query: Annotated[
        str, typer.Option(help="Filter as in the dashboard's address: platform=tiktok&search=sale")
    ] = "",
    cancelled: Annotated[
        Deleted, typer.Option(help="Whether cancelled posts are listed too.")
    ] = "hide",
    form: FormatOption = "table",
) -> None:
    """List scheduled posts by their time, in the project's zone."""
    said = f"{query}&deleted={cancelled}" if cancelled != "hide" else query
    kept = ContentFilter.from_query(said, project_id=project)
    with opened() as stores:
        rows = scheduled(stores.operations, kept, now=stores.clock.now())
    listed = [
        (
            row.slug,
            row.state,
            f"{row.local_at:%Y-%m-%d %H:%M %Z}",
            row.scheduled_at,
            f"{row.platform}:{row.account_key}",
            row.media_type,
            row.caption,
            row.container_id,
            row.changed_by,
        )
        for row in rows
    ]
    print_rows(form, COLUMNS, listed)


@schedule_app.command("history", epilog=example("content schedule history --project my-brand"))
def show_history(project: ProjectOption, *, form: FormatOption = "table") -> None:
    """List every change of a project's scheduled posts, oldest first."""
    with opened() as stores:
        rows = stores.operations.scheduled_posts.history(project)
    listed = [
        (row.known_at, row.slug, row.scheduled_for, row.is_cancelled, row.note, row.changed_by)
        for row in rows
    ]
    print_rows(
        form, ("when (UTC)", "post", "scheduled for (UTC)", "cancelled", "note", "by"), listed
    )


@schedule_app.command("import", epilog=example("content schedule import may.yaml"))
def import_posts(
    file: Annotated[Path, typer.Argument(help="A YAML file of one project's posts.")],
    by: ByOption = "",
) -> None:
    """Schedule or change the posts of a YAML file, all or none; the same again changes nothing.

    It has 'project:' and 'posts:', each post with post, account, at, caption; and if wanted
    media_type, creative, cancelled.
    """
    with opened() as stores:
        posts, changed = state_scheduled_of(
            stores, file, changed_by=by or user_name("content schedule import")
        )
    say(f"{file.name}: {posts:,} posts, {changed:,} of them new or changed.")
