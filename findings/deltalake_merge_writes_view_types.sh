#!/usr/bin/env bash
# deltalake 1.6.6 (with polars 2.1.0, daft 0.7.26): a merge writes text as Arrow's view types into
# Parquet's schema, whatever types it is given, and Daft reads no such file.
#
# A table is written from an Arrow table of the oldest compatible types (large_string), and merged
# with the same rows. The file of the first write says large_string; that of the merge says
# string_view. Daft counts the first and refuses the second; a compaction makes it string, which
# Daft reads.
#
# Seen: "written: large_string 2"
#       "merged: string_view DaftError::ValueError Unsupported Arrow DataType: Utf8View"
#       "compacted: string 3"
# What follows for this project: the third engine that tests read the lake with is DataFusion;
# whoever reads it with Daft compacts first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet deltalake==1.6.6 polars==2.1.0 daft==0.7.26
"$work/venv/bin/python" - "$work/table" <<'PY'
import sys

import daft
import polars as pl
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

path = sys.argv[1]


def oldest(rows):
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def look(what):
    files = DeltaTable(path).file_uris()
    stored = pq.read_schema(files[0].removeprefix("file://")).field("text").type
    try:
        counted = daft.read_parquet(files).count_rows()
    except Exception as error:
        counted = str(error)
    print(f"{what}: {stored} {counted}")
    return stored, counted


write_deltalake(path, oldest(pl.DataFrame({"id": [1, 2], "text": ["a", "b"]})))
assert look("written") == ("large_string", 2)
rows = oldest(pl.DataFrame({"id": [1, 2], "text": ["c", "d"]}))
merger = DeltaTable(path).merge(rows, "t.id = s.id", source_alias="s", target_alias="t")
merger.when_matched_update_all().execute()
assert look("merged")[0] == "string_view", "the behaviour has changed"
write_deltalake(path, oldest(pl.DataFrame({"id": [3], "text": ["e"]})), mode="append")
DeltaTable(path).optimize.compact()
assert look("compacted") == ("string", 3), "the behaviour has changed"
PY
