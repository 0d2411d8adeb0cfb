"""What is working: a project's best content, its engagement mix, growth by age. A marimo notebook.

Belongs here: reading the published file, charts, what each of them says.
Does not belong here: rules and marts (``transforms``), what deserves money
(``what_deserves_money``).

``marimo edit notebooks/what_is_working.py`` opens it; run as a script it prints its figures.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What is working")

with app.setup:
    import json

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl

    from layers_pipeline.serving import generations
    from layers_pipeline.settings import load_settings

    COUNTS = ("likes", "comments", "shares", "saves")
    PARTS = (
        *("quality", "reach", "outperformance", "freshness"),
        *("start", "decay", "boost", "clamp"),
    )
    POSTS_MIN = 5
    """A median of fewer posts says little."""


@app.cell
def introduction():
    mo.md("""
    # What is working

    Which content of a project is best, and why; how people answer to each kind of post; how
    posts grow with age. Everything comes from the file that was published last
    (`LAYERS_HOME`), opened read-only. A value that nobody showed is unknown, and never zero.
    """)
    return


@app.cell
def open_file():
    published = generations.current(load_settings().serve_location)
    con = duckdb.connect(str(published), read_only=True)
    con.execute("set timezone = 'UTC'")
    projects = [
        name for (name,) in con.sql("select project_id from projects order by 1").fetchall()
    ]
    project = mo.ui.dropdown(projects, value=mo.cli_args().get("project") or projects[0])
    as_of = con.sql("select max(published_at)::varchar from publication").fetchall()[0][0]
    mo.vstack([mo.md(f"**Project**, as of {as_of} (UTC)"), project])
    return con, project


@app.cell
def best_content(con, project):
    best = con.execute(
        """
        select
            content.ads_content_id,
            coalesce(left(content.caption, 40), content.container_id) as what,
            content.creator_id, content.media_type, content.views, content.organic_score,
            scores.* like '%_points'
        from content_detail as content
        inner join organic_scores as scores
            on scores.ads_content_id = content.ads_content_id
            and scores.scored_at = content.score_of
            and scores.scoring_version = content.scoring_version
        where content.project_id = $project and not content.is_deleted
        order by content.organic_score desc, content.ads_content_id
        limit 15
        """,
        {"project": project.value},
    ).pl()
    mo.vstack([mo.md("## Best content\n\nOf what is not deleted, by score."), best])
    return (best,)


@app.cell
def best_content_taken_apart(best):
    parts = best.unpivot(
        [f"{part}_points" for part in PARTS],
        index=["ads_content_id", "organic_score"],
        variable_name="part",
        value_name="points",
    ).filter(pl.col("points") != 0)
    apart = (
        alt.Chart(parts)
        .mark_bar()
        .encode(
            x=alt.X("sum(points):Q", title="points"),
            y=alt.Y("ads_content_id:N", sort="-x", title=None),
            color=alt.Color("part:N", title="part"),
            tooltip=["ads_content_id", "part", "points", "organic_score"],
        )
    )
    mo.vstack(
        [mo.md("The parts of a score add up to it; what is cut at 0 or 10 is `clamp`."), apart]
    )
    return (parts,)


@app.cell
def engagement_mix(con, project):
    mix = con.execute(
        """
        select
            content.platform, content.media_type, count(*) as posts,
            sum(mix.likes)::bigint as likes, sum(mix.comments)::bigint as comments,
            sum(mix.shares)::bigint as shares, sum(mix.saves)::bigint as saves,
            count(*) filter (where mix.unknown_counts > 0) as posts_with_unknown
        from content_detail as content
        inner join post_engagement_mix as mix using (platform, platform_post_id)
        where content.project_id = $project and not content.is_deleted
        group by all
        order by all
        """,
        {"project": project.value},
    ).pl()
    long = mix.unpivot(COUNTS, index=["platform", "media_type"], variable_name="what").drop_nulls()
    shares = (
        alt.Chart(long.with_columns(kind=pl.concat_str("platform", "media_type", separator=": ")))
        .mark_bar()
        .encode(
            x=alt.X("value:Q", stack="normalize", title="share of what is known"),
            y=alt.Y("kind:N", title=None),
            color=alt.Color("what:N", sort=COUNTS, title=None),
            tooltip=["kind", "what", alt.Tooltip("value:Q", format=",")],
        )
    )
    _said = (
        "## Engagement mix\n\nWhere a platform does not show a count, it is no part of the whole."
    )
    mo.vstack([mo.md(_said), shares, mix])
    return (mix,)


@app.cell
def trends_by_age(con, project):
    ages = con.execute(
        """
        select
            content.media_type, trend.age_day,
            count(trend.views) as posts, median(trend.views) as median_views
        from post_metric_trends_by_age as trend
        inner join content_detail as content using (project_id, platform, platform_post_id)
        where trend.project_id = $project
        group by all
        having count(trend.views) >= $posts_min
        order by all
        """,
        {"project": project.value, "posts_min": POSTS_MIN},
    ).pl()
    growth = (
        alt.Chart(ages)
        .mark_line(point=True)
        .encode(
            x=alt.X("age_day:Q", title="days since publication"),
            y=alt.Y("median_views:Q", scale=alt.Scale(type="symlog"), title="median views so far"),
            color=alt.Color("media_type:N", title="kind"),
            tooltip=["media_type", "age_day", "posts", alt.Tooltip("median_views:Q", format=",")],
        )
    )
    _said = f"## Growth by age\n\nOf ages at which {POSTS_MIN} posts or more were looked at."
    _caution = "Each age has posts of its own, so a line may fall although no post lost views."
    mo.vstack([mo.md(f"{_said} {_caution}"), growth])
    return (ages,)


@app.cell
def figures(ages, best, mix, parts, project):
    told = {
        "project": project.value,
        "best": best.select("ads_content_id", "organic_score").rows(),
        "parts": dict(parts.group_by("ads_content_id").agg(pl.col("points").sum()).rows()),
        "mix": {name: mix[name].sum() for name in ("posts", *COUNTS)},
        "ages": ages.rows(),
    }
    if mo.app_meta().mode == "script":
        print(json.dumps(told))
    return


if __name__ == "__main__":
    app.run()
