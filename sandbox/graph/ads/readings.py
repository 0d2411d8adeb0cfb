"""Readings of insights of ads: at once, or as a report that is ordered.

Belongs here: from the parameters of a call to its rows, and where faults strike.
Does not belong here: paths, and whose ads may be read (``routes``).
"""

from datetime import datetime
from typing import Final

from sandbox.graph.ads.faults import RUN_UNREADABLE, struck, switched
from sandbox.graph.ads.insight_fields import checked_windows, row_json
from sandbox.graph.ads.insights import InsightRow, rows_of
from sandbox.graph.ads.pages import limit_of, listed_json
from sandbox.graph.ads.parameters import fields_asked
from sandbox.graph.ads.query import AdScope, InsightsQuery, query_of
from sandbox.graph.ads.report_status import status_json
from sandbox.graph.ads.reports import Report
from sandbox.graph.ads.usage import note_throttle
from sandbox.graph.call import CallContext, Json
from sandbox.graph.errors import GraphError, unknown_path

RUN_FIELDS: Final = (
    *("id", "account_id", "time_ref", "time_completed", "async_status"),
    *("async_percent_completion", "is_running", "date_start", "date_stop"),
)


def _query(context: CallContext, scope: AdScope) -> InsightsQuery:
    today = scope.account.day_of(context.at)
    query = query_of(context.call.params, level=scope.level, today=today)
    checked_windows(query.windows)
    return query


def read_ad_insights(context: CallContext, scope: AdScope) -> Json:
    """Insights of a scope, as they are now."""
    note_throttle(context, scope.account.ref)
    query = _query(context, scope)
    return _rows(context, scope, query, context.at, is_report=False)


def _rows(
    context: CallContext, scope: AdScope, query: InsightsQuery, at: datetime, *, is_report: bool
) -> Json:
    account = scope.account.ref
    rows = _every_row(context, scope, query, at)
    in_rows = _ads_in(rows, query)
    bent = struck(
        context,
        account,
        "result" if is_report else "insights",
        subjects=in_rows | {scope.object_id},
        rows=limit_of(context),
        days=query.days,
        ads=len(in_rows),
    )
    return listed_json(context, rows, lambda row: row_json(row, query, bent=bent), bent)


def _every_row(
    context: CallContext, scope: AdScope, query: InsightsQuery, at: datetime
) -> list[InsightRow]:
    account = scope.account.ref
    days = context.desk.world.ads.days(
        account,
        *query.span,
        at=at,
        late_fix=switched(context, account, "late_fix"),
    )
    deleted = not switched(context, account, "deleted_unlisted")
    return rows_of(days, scope, query, at=at, deleted=deleted)


def _ads_in(rows: list[InsightRow], query: InsightsQuery) -> set[str]:
    return {ad.ad_id for row in rows for ad in row.ads} if query.level == "ad" else set()


def order_report(context: CallContext, scope: AdScope) -> Json:
    """Order a report of a scope; it shows what is true now."""
    note_throttle(context, scope.account.ref)
    query = _query(context, scope)
    ads = len(_ads_in(_every_row(context, scope, query, context.at), query))
    account, subjects = scope.account.ref, [scope.object_id]
    struck(context, account, "report", subjects=subjects, days=query.days, ads=ads)
    report = context.desk.reports.order(scope, query, at=context.at)
    return {"report_run_id": int(report.run_id)}


def read_report(context: CallContext, report: Report, edge: str) -> Json:
    """How far a report is, or its rows.

    Raises:
        GraphError: It cannot be read yet, or there is no such edge.
    """
    account = report.scope.account
    if edge == "insights":
        note_throttle(context, account.ref)
        if not report.is_completed:
            raise GraphError(RUN_UNREADABLE)
        return _rows(context, report.scope, report.query, report.ordered_at, is_report=True)
    if edge:
        raise GraphError(unknown_path(edge))
    bent = struck(context, account.ref, "run", subjects=[report.run_id])
    found = status_json(report, bent=bent, at=context.at)
    wanted = {one.name for one in fields_asked(context.call.params, "id")} | {"id"}
    if not context.call.params.get("fields"):
        wanted = set(RUN_FIELDS) | set(found)
    return {name: value for name, value in found.items() if name in wanted}
