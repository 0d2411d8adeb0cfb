"""``layers-pipeline payout``: what creators are paid, what they earned, what was paid.

Belongs here: commands, their options, saying what came of them.
Does not belong here: amounts (``transforms``), storage (``operations``), layout (``serving``).
"""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from layers_pipeline.cli.common import ProjectOption, job_runner, opened, user_name
from layers_pipeline.cli.terminal import print_table, progress_bars, say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.payout_configs import PayoutConfig, PayoutTerms, in_force
from layers_pipeline.operations.payout_payments import NewPayment
from layers_pipeline.serving.statements import StatementFormat, rendered
from transforms.currencies import DECIMALS
from transforms.facts.money import minor_units, plain, shown
from transforms.vocabulary import PayoutBase, PayoutPeriod

payout_app = typer.Typer()
config_app = typer.Typer()
payout_app.add_typer(config_app, name="config", help="What projects pay, from which day on.")

ProjectArgument = Annotated[str, typer.Argument(help="Short name of the project.")]
CreatorArgument = Annotated[str, typer.Argument(help="The creator, as `creator list` names it.")]
PeriodArgument = Annotated[
    str, typer.Argument(help="A month (2025-05), an ISO week (2025-W20), or a day of it.")
]
ByOption = Annotated[str, typer.Option(help="Who decides. Default: the user of this machine.")]
Amount = Annotated[str, typer.Option(help="Such as 250.00; without it, none.")]


@config_app.command("set")
def set_config(
    project: ProjectArgument,
    *,
    effective_from: Annotated[
        str, typer.Option("--from", help="First day, the first of a period, YYYY-MM-DD.")
    ],
    currency: Annotated[str, typer.Option(help="Currency of every amount, such as USD.")],
    period: Annotated[PayoutPeriod, typer.Option(help="What is settled at once.")] = "month",
    base: Annotated[PayoutBase | None, typer.Option(help="How base pay is earned.")] = None,
    base_amount: Amount = "",
    required_posts: Annotated[int | None, typer.Option(help="Posts that base pay is for.")] = None,
    per_1000_views: Amount = "",
    cap_per_post: Amount = "",
    views_cap: Amount = "",
    spend_share_bps: Annotated[
        int | None, typer.Option(help="Share of ad spend, hundredths of a percent.")
    ] = None,
    spend_cap: Amount = "",
    per_conversion: Amount = "",
    conversions_cap: Amount = "",
    cap: Amount = "",
    note: Annotated[str | None, typer.Option(help="Why, in 280 characters at most.")] = None,
    by: ByOption = "",
) -> None:
    """Store what a project pays from a day on; settled periods stay as they are."""

    def money(text: str, option: str) -> int | None:
        return _minor(text, currency, option=option) if text else None

    terms = PayoutTerms(
        effective_from=_day(effective_from, option="--from"),
        period=period,
        currency=currency,
        base_mode=base,
        base_amount_cents=money(base_amount, "--base-amount"),
        required_posts=required_posts,
        per_1000_views_cents=money(per_1000_views, "--per-1000-views"),
        views_cap_per_post_cents=money(cap_per_post, "--cap-per-post"),
        views_cap_cents=money(views_cap, "--views-cap"),
        spend_share_bps=spend_share_bps,
        spend_cap_cents=money(spend_cap, "--spend-cap"),
        conversion_cents=money(per_conversion, "--per-conversion"),
        conversions_cap_cents=money(conversions_cap, "--conversions-cap"),
        cap_cents=money(cap, "--cap"),
        note=note,
    )
    with opened() as stores:
        changed = stores.operations.payout_configs.set(
            [(project, terms)],
            changed_by=by or user_name("payout config set"),
            now=stores.clock.now(),
        )
    said = "stored" if changed else "was stored already: unchanged"
    say(f"Payout config of {project!r} from {effective_from} {said}.")


@config_app.command("import")
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


@config_app.command("list")
def list_configs(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
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
    print_table(
        ("project", "from", "period", "base", "views", "spend", "conversions", "cap", "by"),
        [_config_row(config) for config in held],
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


@payout_app.command("accrue")
def accrue() -> None:
    """Bring creators' reports and the ledger's open periods up to what is known now."""
    with job_runner() as runner, progress_bars():
        runner.run("creator_payouts")
    _say_balances("")


@payout_app.command("settle")
def settle_period(project: ProjectArgument, period: PeriodArgument, by: ByOption = "") -> None:
    """Accrue and settle a period that is over; from then on nothing in it changes."""
    from layers_pipeline.steps.pay.accrual import settle
    from layers_pipeline.steps.pay.statements import start_of

    with opened() as stores:
        start = start_of(stores.operations, project, period)
        new = settle(stores, project, start, by=by or user_name("payout settle"))
    say(f"Period from {start} of {project!r} {'is settled' if new else 'was settled already'}.")


@payout_app.command("pay")
def pay(
    project: ProjectArgument,
    creator: CreatorArgument,
    amount: Annotated[str, typer.Argument(help="Such as 125.50.")],
    *,
    currency: Annotated[str, typer.Option(help="Currency of the amount, such as USD.")],
    reference: Annotated[str, typer.Option(help="The payment's name in your books.")],
    paid_on: Annotated[str, typer.Option("--on", help="Day of payment. Default: today.")] = "",
    note: Annotated[str | None, typer.Option(help="More on it.")] = None,
    by: ByOption = "",
) -> None:
    """Note a payment that was made; the same reference again changes nothing."""
    with opened() as stores:
        stores.operations.projects.get(project)
        now = stores.clock.now()
        payment = NewPayment(
            reference=reference,
            creator_id=creator,
            currency=currency,
            amount_cents=_minor(amount, currency, option="AMOUNT"),
            paid_on=_day(paid_on, option="--on") if paid_on else now.date(),
            note=note,
        )
        new = stores.operations.payout_payments.pay(
            project, payment, by=by or user_name("payout pay"), now=now
        )
    said = "noted" if new else "was noted already: unchanged"
    say(f"Payment {reference}: {shown(payment.amount_cents, currency)} to {creator} {said}.")


@payout_app.command("balance")
def balance(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
) -> None:
    """Show what each creator earned, was paid and is owed, each currency for itself."""
    _say_balances(project)


@payout_app.command("statement")
def statement(
    creator: CreatorArgument,
    period: PeriodArgument,
    project: ProjectOption,
    form: Annotated[StatementFormat, typer.Option("--format", help="How to write.")] = "markdown",
    output: Annotated[
        Path | None, typer.Option(help="File to write; the terminal by default.")
    ] = None,
) -> None:
    """Write a creator's statement of a period: every line with the numbers that made it."""
    from layers_pipeline.steps.pay.statements import statement_of

    with opened() as stores:
        text = rendered(statement_of(stores.operations, project, creator, period), form)
    if output is None:
        sys.stdout.write("".join(char for char in text if char == "\n" or char.isprintable()))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputRefusedError(
            f"{output}: cannot be written ({error.strerror}). Name a file in another folder."
        ) from error
    say(f"Statement written to {output}.")


def _say_balances(project: str) -> None:
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = stores.operations.payout_payments.balances(project)
    words = ("accrued", "corrections", "paid", "owed", "settled, unpaid")
    print_table(
        ("project", "creator", "currency", *words),
        [
            (
                row.project_id,
                row.creator_id,
                row.currency,
                *(
                    plain(amount, row.currency)
                    for amount in (
                        row.accrued_cents,
                        row.corrections_cents,
                        row.paid_cents,
                        row.owed_cents,
                        row.settled_cents - row.paid_cents,
                    )
                ),
            )
            for row in rows
        ],
    )


def _minor(text: str, currency: str, *, option: str) -> int:
    if currency not in DECIMALS:
        raise InputRefusedError(
            f"currency {currency!r} is not in ISO 4217. Use a code such as USD."
        )
    try:
        return minor_units(text, currency)
    except ValueError as error:
        raise InputRefusedError(f"{option}: {error}") from error


def _day(text: str, *, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputRefusedError(f"{option} {text!r}: write a day such as 2025-05-01.") from error
