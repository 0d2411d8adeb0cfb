#!/usr/bin/env bash
# deltalake 1.6.6 (with polars 2.1.0): a compaction that committed first is no conflict for a
# writer that still holds the version before it.
#
# Two handles are opened on one version of a table of four files. The first compacts. Then the
# second, which knows nothing of it,
#   - compacts as well: every row is in the table twice;
#   - or overwrites the table: the rows that it should have replaced are there beside the new one.
# Neither raises. The first commit removes the small files and adds a large one; the second removes
# the same small files, which are gone, and does not see the large one.
#
# Seen: "compact after compact: [0, 0, 1, 1, 2, 2, 3, 3]"
#       "overwrite after compact: [0, 1, 2, 3, 9]"
#       "compact after compact, both of one application: [0, 0, 1, 1, 2, 2, 3, 3]"
# The last: commits that name the same application (a transaction of Delta) fail one after the other
# wherever rows are appended, merged or overwritten; a compaction takes the name and drops it.
# What follows for this project: whatever overwrites a table holds its lock, and compactions are
# overwrites of its own (layers_pipeline/lake/compaction.py).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet deltalake==1.6.6 polars==2.1.0
"$work/venv/bin/python" - "$work" <<'PY'
import sys

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake


def two_handles(path):
    for number in range(4):
        pl.DataFrame({"a": [number]}).write_delta(path, mode="append")
    return DeltaTable(path), DeltaTable(path)


def rows(path):
    return sorted(pl.read_delta(path)["a"].to_list())


first, second = two_handles(f"{sys.argv[1]}/compacted")
first.optimize.compact()
second.optimize.compact()
print("compact after compact:", rows(f"{sys.argv[1]}/compacted"))
assert rows(f"{sys.argv[1]}/compacted") == [0, 0, 1, 1, 2, 2, 3, 3], "the behaviour has changed"

first, second = two_handles(f"{sys.argv[1]}/overwritten")
first.optimize.compact()
write_deltalake(second, pl.DataFrame({"a": [9]}), mode="overwrite")
print("overwrite after compact:", rows(f"{sys.argv[1]}/overwritten"))
assert rows(f"{sys.argv[1]}/overwritten") == [0, 1, 2, 3, 9], "the behaviour has changed"

first, second = two_handles(f"{sys.argv[1]}/named")
for handle in (first, second):
    named = CommitProperties(app_transactions=[Transaction("writer", 4)])
    handle.optimize.compact(commit_properties=named)
print("compact after compact, both of one application:", rows(f"{sys.argv[1]}/named"))
assert DeltaTable(f"{sys.argv[1]}/named").transaction_version("writer") is None
assert rows(f"{sys.argv[1]}/named") == [0, 0, 1, 1, 2, 2, 3, 3], "the behaviour has changed"
PY
