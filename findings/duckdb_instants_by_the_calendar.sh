#!/usr/bin/env bash
# duckdb 1.5.5: the difference of two instants (timestamptz) is taken by the calendar of the
# session's zone, also where that zone is UTC and only seconds are asked for: several microseconds
# a row, some hundred times what the difference of their epoch_us costs. date_diff by seconds is
# dear, too. Asking a column of zone names for local time costs several times what one zone that
# stands in the query costs, though all rows name the same four. The seconds are the same.
#
# Seen (200,000 rows): "difference 1362 ms, of epoch_us 3 ms"
#       "date_diff 105 ms, of epoch_us 3 ms"
#       "zone of a column 259 ms, zone in the query 47 ms"
# What follows for this project: ages are differences of epoch_us; a mart of captures by day looks
# zones up by the quarter of an hour. post_metric_trends took 20 s before and 9 s since.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet duckdb==1.5.5 pytz==2026.2
"$work/venv/bin/python" - <<'PY'
import time

import duckdb

connection = duckdb.connect()
connection.execute("set timezone = 'UTC'; set threads = 1")
connection.execute(
    """
    create table rows as select
        timestamptz '2025-01-01 00:00:00+00' + to_microseconds(n * 104729123) as later,
        timestamptz '2020-01-01 00:00:00+00' + to_microseconds(n * 7919) as earlier,
        ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'][n % 4 + 1] as zone
    from range(200000) as r(n)
    """
)


def took(expression):
    best = 9e9
    for _ in range(3):
        began = time.perf_counter()
        connection.execute(f"select max({expression}) from rows").fetchall()
        best = min(best, time.perf_counter() - began)
    return best * 1000


plain = took("(epoch_us(later) - epoch_us(earlier)) / 1000000")
slow = took("epoch(later - earlier)")
print(f"difference {slow:.0f} ms, of epoch_us {plain:.0f} ms")
by_diff = took("date_diff('second', earlier, later)")
print(f"date_diff {by_diff:.0f} ms, of epoch_us {plain:.0f} ms")
column, constant = took("timezone(zone, later)"), took("timezone('Europe/Berlin', later)")
print(f"zone of a column {column:.0f} ms, zone in the query {constant:.0f} ms")
same = "select bool_and(abs(epoch(later - earlier) - (epoch_us(later) - epoch_us(earlier)) / 1e6) < 1e-5)"
assert connection.execute(f"{same} from rows").fetchall() == [(True,)]
assert slow > 20 * plain and by_diff > 5 * plain and column > 3 * constant, "it has changed"
PY
