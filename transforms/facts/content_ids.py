"""Ids of content: containers of posts, and ads content, which is ``project/container``.

Belongs here: how the ids are put together and taken apart, as text and as expressions.
Does not belong here: whether such a thing exists, or may (``layers_pipeline.operations``).

A project's id has no slash, so the first one ends it, whatever a container's id holds.
"""

import polars as pl


def container_of_post() -> pl.Expr:
    """The id of a post's container, the same for ever. Reads platform, platform_post_id."""
    return pl.concat_str("platform", pl.lit(":"), "platform_post_id")


def ads_content_id(container: pl.Expr) -> pl.Expr:
    """The id of what is scored: a container in its project's pool. Reads project_id."""
    return pl.concat_str("project_id", pl.lit("/"), container)


def container_id() -> pl.Expr:
    """The container of an ads content. Reads project_id, ads_content_id."""
    return pl.col("ads_content_id").str.slice(pl.col("project_id").str.len_chars() + 1)


def joined(project_id: str, container_id: str) -> str:
    """The id of a container in a project's pool."""
    return f"{project_id}/{container_id}"


def parts(ads_content_id: str) -> tuple[str, str]:
    """Project and container of an ads content's id; without a slash, no container."""
    project_id, _, container = ads_content_id.partition("/")
    return project_id, container
