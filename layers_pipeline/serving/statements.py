"""A creator's statement of a period, laid out for people and for programs.

Belongs here: Markdown, CSV and HTML of a statement, names and texts of strangers made harmless.
Does not belong here: what stands in it (``steps.pay.statements``).
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from layers_pipeline.serving.query import as_csv as csv_of
from transforms.facts.money import plain, shown

StatementFormat = Literal["markdown", "csv", "html"]
MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>|&~$!@]|(?<=www)\.|:(?=//))", re.IGNORECASE)
"""What Markdown reads as more than itself within a line, links without brackets included."""
COLUMNS: Final = (
    "project_id",
    "creator_id",
    "section",
    "period_starts_on",
    "earned_from",
    "rule",
    "post",
    "amount",
    "currency",
    "in_words",
)
STYLE: Final = (
    "@page{size:A4;margin:18mm}body{font:11pt/1.4 sans-serif;color:#111}"
    "h1{font-size:16pt}table{border-collapse:collapse;width:100%;margin:0 0 8mm}"
    "th,td{border-bottom:1px solid #ccc;padding:2mm;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}td.n,th.n{text-align:right;white-space:nowrap}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
)


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One line: of the ledger, or a payment."""

    section: Literal["earned", "correction", "payment"]
    earned_from: date
    rule: str
    post: str
    amount_cents: int
    currency: str
    in_words: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one creator earned in one period, and how it stands in all."""

    project_id: str
    project_name: str
    creator_id: str
    creator_name: str
    starts_on: date
    ends_on: date
    status: str
    """Settled or open, in words."""
    lines: tuple[StatementLine, ...]
    totals: Mapping[str, Mapping[str, int]]
    """By currency and word: minor units."""


def rendered(statement: Statement, form: StatementFormat) -> str:
    """The statement as text of a form."""
    forms: dict[StatementFormat, Callable[[Statement], str]] = {
        "markdown": as_markdown,
        "csv": as_csv,
        "html": as_html,
    }
    return forms[form](statement)


def as_csv(statement: Statement) -> str:
    """One row per line; texts that a spreadsheet would run are neutralised, amounts are plain."""
    rows = [
        (
            statement.project_id,
            statement.creator_id,
            line.section,
            f"{statement.starts_on}",
            f"{line.earned_from}",
            line.rule,
            line.post,
            Decimal(plain(line.amount_cents, line.currency)),
            line.currency,
            line.in_words,
        )
        for line in statement.lines
    ]
    return csv_of(COLUMNS, rows)


def as_markdown(statement: Statement) -> str:
    """The statement in Markdown."""
    parts = [f"# {_md(_title(statement))}", _md(_heading(statement))]
    for title, head, rows in tables_of(statement):
        listed = [f"| {' | '.join(head)} |", f"|{'---|' * (len(head) - 1)}---:|"]
        listed += [f"| {' | '.join(map(_md, row))} |" for row in rows]
        parts.append(f"## {title}\n\n" + "\n".join(listed))
    return "\n\n".join(parts) + "\n"


def as_html(statement: Statement) -> str:
    """The statement as one page that prints to PDF as it is: no script, nothing from elsewhere."""
    title = html.escape(_title(statement))
    parts = [f"<h1>{title}</h1>", f"<p>{html.escape(_heading(statement))}</p>"]
    for name, head, rows in tables_of(statement):
        parts.append(f"<h2>{html.escape(name)}</h2>{_html_table(head, rows)}")
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    last = len(head) - 1

    def row(cells: Sequence[str], tag: str) -> str:
        marked = [
            f"<{tag}{' class=n' if place == last else ''}>{html.escape(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(marked)}</tr>"

    listed = "\n".join(row(cells, "td") for cells in rows)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>\n{listed}\n</tbody></table>"


def tables_of(statement: Statement) -> list[tuple[str, Sequence[str], list[tuple[str, ...]]]]:
    """Title, columns and rows of each table; the last column is an amount."""
    made: list[tuple[str, Sequence[str], list[tuple[str, ...]]]] = []
    for section, title in (
        ("earned", "Earned"),
        ("correction", "Corrections of settled periods"),
        ("payment", "Payments"),
    ):
        rows = [
            (line.rule, line.post, line.in_words, shown(line.amount_cents, line.currency))
            for line in statement.lines
            if line.section == section
        ]
        if rows:
            made.append((title, ("for", "post", "how", "amount"), rows))
    totals = [
        (word, shown(amount, currency))
        for currency, words in statement.totals.items()
        for word, amount in words.items()
    ]
    made.append(("Balance", ("what", "amount"), totals or [("nothing earned, nothing paid", "0")]))
    return made


def titles_of(statement: Statement) -> tuple[str, str]:
    """Whose statement it is, and of which project and period."""
    return _title(statement), _heading(statement)


def _title(statement: Statement) -> str:
    return f"Statement for {statement.creator_name or statement.creator_id}"


def _heading(statement: Statement) -> str:
    return (
        f"Project {statement.project_name}, {statement.starts_on} to {statement.ends_on},"
        f" creator {statement.creator_id}: {statement.status}."
    )


def _md(text: str) -> str:
    """Text as Markdown shows it: one line in which nothing is markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))
