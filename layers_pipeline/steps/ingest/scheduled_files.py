"""Files of scheduled posts: one YAML file in, all of its posts stated, or none.

Belongs here: the keys of such a file, and what they mean.
Does not belong here: YAML as such (``files.yaml_text``), what a post may be (``operations``).
"""

from pathlib import Path
from typing import Final

from layers_pipeline import moments
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.yaml_text import Entry, read_yaml
from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.operations.validators import require_word
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import MEDIA_TYPES, MediaType

KEYS: Final = ("post", "account", "at", "caption", "media_type", "creative", "cancelled")


def state_scheduled_of(stores: Stores, path: Path, *, changed_by: str) -> tuple[int, int]:
    """State every scheduled post of a YAML file; the same file again changes nothing.

    Returns:
        How many posts the file has, and how many of them were new or have changed.

    Raises:
        InputRefusedError: The file cannot be read or an entry is wrong, which is named with its
            line; nothing was written.
        NotFoundError: A project or an account does not exist; nothing was written.
    """
    root = read_yaml(path)
    root.require_keys(("project", "posts"))
    project = stores.operations.projects.get(root.text("project"))
    posts = [
        _post(entry, project_id=project.project_id, zone=project.time_zone)
        for entry in root.entries("posts")
    ]
    slugs = [post.slug for post in posts]
    repeated = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if repeated or not posts:
        said = f"{', '.join(repeated[:5])} comes twice" if repeated else "it has no posts"
        raise InputRefusedError(f"{path}: {said}. List each post once under 'posts:'.")
    now = stores.clock.now()
    changed = stores.operations.scheduled_posts.state(posts, changed_by=changed_by, now=now)
    return len(posts), changed


def _post(entry: Entry, *, project_id: str, zone: str) -> NewScheduledPost:
    entry.require_keys(KEYS)
    about = f"{entry.where}: post {entry.text('post')}"
    return NewScheduledPost(
        project_id=project_id,
        slug=entry.text("post"),
        account_id=entry.text("account"),
        scheduled_for=moments.parse_in_zone(entry.text("at"), zone=zone, what=f"{about}: at"),
        caption=entry.text("caption"),
        media_type=_media_type(entry, about=about),
        container_id=entry.text("creative") if "creative" in entry.values else None,
        is_cancelled=entry.truth("cancelled", default=False),
    )


def _media_type(entry: Entry, *, about: str) -> MediaType | None:
    if "media_type" not in entry.values:
        return None
    return require_word(entry.text("media_type"), MEDIA_TYPES, what=f"{about}: media_type")
