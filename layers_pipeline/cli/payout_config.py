"""``layers-pipeline payout config``: what projects pay, from which day on.

Belongs here: commands, their options, amounts as people type them.
Does not belong here: which terms can be (``operations.payout_configs``), files of them (``steps``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from layers_pipeline.cli.amounts import day_of, minor
from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened, user_name
from layers_pipeline.cli.terminal import say
from layers_pipeline.operations.payout_configs import PayoutConfig, PayoutTerms, in_force
from transforms.facts.money import shown
from transforms.vocabulary import PayoutBase, PayoutPeriod

config_app = typer.Typer()

ByOption = Annotated[str, typer.Option(help="Who decides. Default: the user of this machine.")]
Amount = Annotated[str, typer.Option(help="Such as 250.00; without it, none.")]
FromOption = Annotated[
    str, typer.Option("--from", help="First day, the first of a period, YYYY-MM-DD.")
]
ShareOption = Annotated[
    int | None, typer.Option(help="Share of ad spend, hundredths of a percent.")
]


@config_app.command(
    "set",
    epilog=example(
        "payout config set --project my-brand --from 2025-06-01 --currency USD --cap 500.00"
    ),
)
def set_config(
    *,
    project: ProjectOption,
    effective_from: FromOption,
    currency: Annotated[str, typer.Option(help="Currency of every amount, such as USD.")],
    period: Annotated[PayoutPeriod, typer.Option(help="What is settled at once.")] = "month",
    base: Annotated[PayoutBase | None, typer.Option(help="How base pay is earned.")] = None,
    base_amount: Amount = "",
    required_posts: Annotated[int | None, typer.Option(help="Posts that base pay is for.")] = None,
    per_1000_views: Amount = "",
    cap_per_post: Amount = "",
    views_cap: Amount = "",
    spend_share_bps: ShareOption = None,
    spend_cap: Amount = "",
    per_conversion: Amount = "",
    conversions_cap: Amount = "",
    cap: Amount = "",
    note: Annotated[str | None, typer.Option(help="Why, in 280 characters at most.")] = None,
    by: ByOption = "",
) -> None:
    """Store what a project pays from a day on; settled periods stay as they are."""
    amounts = {
        "base_amount_cents": ("--base-amount", base_amount),
        "per_1000_views_cents": ("--per-1000-views", per_1000_views),
        "views_cap_per_post_cents": ("--cap-per-post", cap_per_post),
        "views_cap_cents": ("--views-cap", views_cap),
        "spend_cap_cents": ("--spend-cap", spend_cap),
        "conversion_cents": ("--per-conversion", per_conversion),
        "conversions_cap_cents": ("--conversions-cap", conversions_cap),
        "cap_cents": ("--cap", cap),
    }
    terms = PayoutTerms(
        effective_from=day_of(effective_from, option="--from"),
        period=period,
        currency=currency,
        base_mode=base,
        required_posts=required_posts,
        spend_share_bps=spend_share_bps,
        note=note,
        **_in_minor_units(amounts, currency),
    )
    _store(project, terms, by=by)


def _in_minor_units(amounts: Mapping[str, tuple[str, str]], currency: str) -> dict[str, int | None]:
    """Amounts as they are stored, by column; none where nothing was typed."""
    return {
        column: minor(text, currency, option=option) if text else None
        for column, (option, text) in amounts.items()
    }


def _store(project: str, terms: PayoutTerms, *, by: str) -> None:
    with opened() as stores:
        changed = stores.operations.payout_configs.set(
            [(project, terms)],
            changed_by=by or user_name("payout config set"),
            now=stores.clock.now(),
        )
    said = "stored" if changed else "was stored already: unchanged"
    say(f"Payout config of {project!r} from {terms.effective_from} {said}.")


@config_app.command("import", epilog=example("payout config import pay.yaml"))
def import_configs(
    file: Annotated[Path, typer.Argument(help="A YAML file; its JSON Schema is in the package.")],
    by: ByOption = "",
) -> None:
    """Store the configs of a YAML file, all of them or none; the same file changes nothing."""
    from layers_pipeline.steps.pay.config_files import read_payout_configs

    entries = read_payout_configs(file)
    with opened() as stores:
        changed = stores.operations.payout_configs.set(
            entries, changed_by=by or user_name("payout config import"), now=stores.clock.now()
        )
    say(f"{file.name}: {len(entries):,} configs, {changed:,} of them new or changed.")


@config_app.command("list", epilog=example("payout config list --project my-brand"))
def list_configs(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    form: FormatOption = "table",
) -> None:
    """List what projects pay, the newest word on each first day."""
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = stores.operations.payout_configs.all()
    by_project: dict[str, list[PayoutConfig]] = {}
    for row in rows:
        if project in ("", row.project_id):
            by_project.setdefault(row.project_id, []).append(row)
    held = [config for own in by_project.values() for config in in_force(own)]
    print_rows(
        form,
        ("project", "from", "period", "base", "views", "spend", "conversions", "cap", "by"),
        [_config_row(config) for config in held],
        things=[_config_thing(config) for config in held],
    )


def _config_row(config: PayoutConfig) -> tuple[object, ...]:
    def money(cents: int | None) -> str | None:
        return None if cents is None else shown(cents, config.currency)

    base = (
        f"{config.base_mode} {money(config.base_amount_cents)} for {config.required_posts} posts"
        if config.base_mode
        else None
    )
    views = money(config.per_1000_views_cents)
    share = config.spend_share_bps
    return (
        config.project_id,
        f"{config.effective_from}",
        config.period,
        base,
        views and f"{views} per 1,000",
        None if share is None else f"{share / 100:.2f} %",
        money(config.conversion_cents),
        money(config.cap_cents),
        config.changed_by,
    )


def _config_thing(config: PayoutConfig) -> dict[str, object]:
    """A config with every number of it, amounts in whole minor units of its currency."""
    return {
        "project": config.project_id,
        "from": config.effective_from,
        "period": config.period,
        "currency": config.currency,
        "base": {
            "mode": config.base_mode,
            "amount_cents": config.base_amount_cents,
            "required_posts": config.required_posts,
        },
        "views": {
            "per_1000_cents": config.per_1000_views_cents,
            "cap_per_post_cents": config.views_cap_per_post_cents,
            "cap_cents": config.views_cap_cents,
        },
        "spend": {"share_bps": config.spend_share_bps, "cap_cents": config.spend_cap_cents},
        "conversions": {
            "each_cents": config.conversion_cents,
            "cap_cents": config.conversions_cap_cents,
        },
        "cap_cents": config.cap_cents,
        "note": config.note,
        "by": config.changed_by,
    }
