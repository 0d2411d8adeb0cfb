"""``layers-pipeline payout``: what creators are paid, what they earned, what was paid.

Belongs here: commands, their options, saying what came of them.
Does not belong here: amounts (``transforms``), storage (``operations``), layout (``serving``).
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from layers_pipeline.cli.amounts import day_of, minor
from layers_pipeline.cli.answers import Format, FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, job_runner, opened, user_name
from layers_pipeline.cli.creator_report import report
from layers_pipeline.cli.payout_config import ByOption, config_app
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.payout_payments import NewPayment
from layers_pipeline.serving.statements import StatementFormat, rendered
from transforms.facts.money import plain, shown

payout_app = typer.Typer()
payout_app.add_typer(config_app, name="config", help="What projects pay, from which day on.")
payout_app.command(
    "report", epilog=example("payout report --from 2025-05-01 --to 2025-05-31 --project my-brand")
)(report)

CreatorArgument = Annotated[str, typer.Argument(help="The creator, as `creator list` names it.")]
PeriodArgument = Annotated[
    str, typer.Argument(help="A month (2025-05), an ISO week (2025-W20), or a day of it.")
]


@payout_app.command("accrue", epilog=example("payout accrue"))
def accrue() -> None:
    """Bring creators' reports and the ledger's open periods up to what is known now."""
    with job_runner() as runner, progress_bars():
        runner.run("creator_payouts")
    _say_balances("", "table")


@payout_app.command("settle", epilog=example("payout settle 2025-05 --project my-brand"))
def settle_period(period: PeriodArgument, project: ProjectOption, by: ByOption = "") -> None:
    """Accrue and settle a period that is over; from then on nothing in it changes."""
    from layers_pipeline.steps.pay.accrual import settle
    from layers_pipeline.steps.pay.statements import start_of

    with opened() as stores:
        start = start_of(stores.operations, project, period)
        new = settle(stores, project, start, by=by or user_name("payout settle"))
    say(f"Period from {start} of {project!r} {'is settled' if new else 'was settled already'}.")


@payout_app.command(
    "pay",
    epilog=example(
        "payout pay tiktok:ada 125.50 --project my-brand --currency USD --reference T-1001"
    ),
)
def pay(
    creator: CreatorArgument,
    amount: Annotated[str, typer.Argument(help="Such as 125.50.")],
    *,
    project: ProjectOption,
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
            amount_cents=minor(amount, currency, option="AMOUNT"),
            paid_on=day_of(paid_on, option="--on") if paid_on else now.date(),
            note=note,
        )
        new = stores.operations.payout_payments.pay(
            project, payment, by=by or user_name("payout pay"), now=now
        )
    said = "noted" if new else "was noted already: unchanged"
    say(f"Payment {reference}: {shown(payment.amount_cents, currency)} to {creator} {said}.")


@payout_app.command("balance", epilog=example("payout balance --project my-brand"))
def balance(
    project: Annotated[str, typer.Option("--project", help="Only this project's.")] = "",
    form: FormatOption = "table",
) -> None:
    """Show what each creator earned, was paid and is owed, each currency for itself."""
    _say_balances(project, form)


@payout_app.command(
    "statement",
    epilog=example(
        "payout statement tiktok:ada 2025-05 --project my-brand --format html --output ada.html"
    ),
)
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


def _say_balances(project: str, form: Format) -> None:
    with opened() as stores:
        if project:
            stores.operations.projects.get(project)
        rows = stores.operations.payout_payments.balances(project)
    words = ("accrued", "corrections", "paid", "owed", "settled, unpaid")
    print_rows(
        form,
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
