#!/usr/bin/env bash
# deltalake 1.6.6: adding columns that are there already commits a version all the same.
#
# `DeltaTable.alter.add_columns` with a column that the table has, of the same type, raises
# nothing and changes nothing, but the table's version goes up by one each time. A column of
# another type is refused. So a migration that runs at every start and relies on this call being
# idempotent writes a commit at every start, and readers who go by versions see news each time.
#
# Seen: "versions 0, 1, 2, 3; columns ['a', 'b']"
# What follows for this project: the migration asks for the table's columns first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet deltalake==1.6.6 polars==2.1.0
"$work/venv/bin/python" - "$work/table" <<'PY'
import sys

import polars as pl
from deltalake import DeltaTable, Field

pl.DataFrame({"a": [1, 2]}).write_delta(sys.argv[1])
table = DeltaTable(sys.argv[1])
versions = [table.version()]
for _ in range(3):
    table.alter.add_columns([Field("b", "long", nullable=True)])
    versions.append(table.version())
columns = [field.name for field in table.schema().fields]
print(f"versions {', '.join(map(str, versions))}; columns {columns}")
assert (versions, columns) == ([0, 1, 2, 3], ["a", "b"]), "the behaviour has changed"
PY
