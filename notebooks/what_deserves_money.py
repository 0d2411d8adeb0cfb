"""What deserves money, and what is owed for it: eligibility, blockers, spend, pay. A notebook.

Belongs here: reading the published file, charts, what each of them says.
Does not belong here: rules and marts (``transforms``), what people answer to
(``what_is_working``).

``marimo edit notebooks/what_deserves_money.py`` opens it; run as a script it prints its figures.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What deserves money")

with app.setup:
    import json

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl

    from layers_pipeline.serving import generations
    from layers_pipeline.settings import load_settings
    from transforms.currencies import DECIMALS

    def whole(cents: str) -> pl.Expr:
        """Amounts in whole units of the row's currency, for charts; sums are made before."""
        places = pl.col("currency").replace_strict(DECIMALS, return_dtype=pl.Int64)
        return pl.col(cents).cast(pl.Float64) / 10.0**places


@app.cell
def introduction():
    mo.md("""
    # What deserves money, and what is owed

    What may run as an ad, what keeps the rest from it, what ads cost, and what creators have
    earned by it. Everything comes from the file that was published last (`LAYERS_HOME`),
    opened read-only. Amounts of different currencies are never added.
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
def eligibility(con, project):
    verdicts = con.execute(
        """
        select is_eligible, reason, count(*) as contents, max(organic_score) as best_score
        from ad_eligibility_current
        where project_id = $project
        group by all
        order by is_eligible desc, contents desc
        """,
        {"project": project.value},
    ).pl()
    bars = (
        alt.Chart(verdicts)
        .mark_bar()
        .encode(
            x=alt.X("contents:Q", title="contents"),
            y=alt.Y("reason:N", sort="-x", title=None),
            color=alt.Color("is_eligible:N", title="may run"),
            tooltip=["reason", "contents", "best_score"],
        )
    )
    mo.vstack([mo.md("## May it run?\n\nAt the newest tick, by the reason that decided."), bars])
    return (verdicts,)


@app.cell
def blockers(con, project):
    blocked = con.execute(
        """
        select
            status.blocked_by, words.sentences[-1].text as what, words.remedies[-1].text as remedy,
            count(*) as contents, max(verdict.organic_score) as best_score
        from content_status as status
        inner join ad_eligibility_current as verdict using (ads_content_id, scored_at)
        left join selection_blockers() as words on words.blocker = status.blocked_by
        where status.project_id = $project and status.blocked_by is not null
        group by all
        order by any_value(words.place)
        """,
        {"project": project.value},
    ).pl()
    _said = (
        "## Why not?\n\nEach content by the first thing that keeps it from running, and the remedy."
    )
    mo.vstack([mo.md(_said), blocked])
    return (blocked,)


@app.cell
def waiting(con, project):
    eligible = con.execute(
        """
        select ads_content_id, creator_id, organic_score, blocked_by, also_blocked_by
        from content_status
        inner join content_detail using (project_id, ads_content_id, scored_at)
        where project_id = $project and status = 'blocked' and is_eligible
        order by organic_score desc nulls last, ads_content_id
        limit 20
        """,
        {"project": project.value},
    ).pl()
    mo.vstack([mo.md("The best of what may run and does not."), eligible])
    return


@app.cell
def spend(con, project):
    spent = con.execute(
        """
        select day_on, currency, spend_cents, impressions, conversions
        from project_spend_daily
        where project_id = $project
        order by currency, day_on
        """,
        {"project": project.value},
    ).pl()
    by_day = (
        alt.Chart(spent.with_columns(spend=whole("spend_cents")))
        .mark_bar()
        .encode(
            x=alt.X("day_on:T", title=None),
            y=alt.Y("spend:Q", title="spend"),
            row=alt.Row("currency:N", title=None),
            tooltip=["day_on", "currency", "spend", "impressions", "conversions"],
        )
        .properties(height=160)
    )
    mo.vstack(
        [mo.md("## What ads cost\n\nBy day of the project, each currency by itself."), by_day]
    )
    return (spent,)


@app.cell
def pay(con, project):
    owed = con.execute(
        """
        select
            balance.creator_id, balance.currency, balance.accrued_cents,
            balance.paid_cents, balance.owed_cents, creator.posts, creator.eligible_posts,
            creator.views_28d
        from payout_balances as balance
        left join creator_leaderboard as creator using (project_id, creator_id)
        where balance.project_id = $project
        order by balance.currency, balance.owed_cents desc, balance.creator_id
        """,
        {"project": project.value},
    ).pl()
    by_creator = (
        alt.Chart(owed.with_columns(owed=whole("owed_cents")))
        .mark_bar()
        .encode(
            x=alt.X("owed:Q", title="owed"),
            y=alt.Y("creator_id:N", sort="-x", title=None),
            color=alt.Color("currency:N", title=None),
            tooltip=["creator_id", "currency", "owed", "posts", "eligible_posts", "views_28d"],
        )
    )
    _said = "## What is owed\n\nOf the open period too, so amounts may still change."
    mo.vstack([mo.md(_said), by_creator, owed])
    return (owed,)


@app.cell
def figures(blocked, owed, project, spent, verdicts):
    told = {
        "project": project.value,
        "verdicts": verdicts.rows(),
        "blocked": dict(blocked.select("blocked_by", "contents").rows()),
        "spend_cents": dict(spent.group_by("currency").agg(pl.col("spend_cents").sum()).rows()),
        "owed_cents": dict(owed.group_by("currency").agg(pl.col("owed_cents").sum()).rows()),
    }
    if mo.app_meta().mode == "script":
        print(json.dumps(told, default=int))
    return


if __name__ == "__main__":
    app.run()
