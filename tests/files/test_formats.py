"""Tables as they lie on disk, of so many columns that only the known ones are kept.

Belongs here: that rows are read as Python's own reader reads them, and that none is filled up.
Does not belong here: what columns mean (``test_exports``); our own format (``test_captures``).
"""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.csv_rows import WIDE
from layers_pipeline.files.formats import read_raw_file
from tests.hypothesis_profiles import examples
from transforms.staging.parsing import LINE

NAMES = [f"n{at}" for at in range(WIDE + 2)]
KNOWN = NAMES[1:4]
VALUES = st.text(st.sampled_from("ab7 ,;\t'\"é🚨\n"), max_size=4)
ROWS = st.lists(st.lists(VALUES, min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=4)


def written(folder, rows, *, quoting=csv.QUOTE_ALL, delimiter=","):
    path = folder / "x.csv"
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, delimiter=delimiter, lineterminator="\n")
    writer.writerows([NAMES, *rows])
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return path


@examples(4)
@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    delimiter=st.sampled_from(",;\t"),
)
def test_rows_are_read_as_they_were_written(rows, quoting, delimiter, tmp_path_factory):
    rows = [["row", *row[1:]] for row in rows]
    folder = tmp_path_factory.mktemp("wide")
    path = written(folder, rows, quoting=quoting, delimiter=delimiter)
    found = read_raw_file(path, columns=KNOWN, required=()).rows
    assert found.select(KNOWN).rows() == [tuple(row[1:4]) for row in rows]
    breaks = [sum(value.count("\n") for value in row) + 1 for row in rows]
    assert found[LINE].to_list() == [2 + sum(breaks[:at]) for at in range(len(rows))]


@pytest.mark.parametrize("kept", [1, len(NAMES) - 1, len(NAMES) + 1])
def test_a_row_with_too_few_or_too_many_values_is_refused(kept, tmp_path):
    rows = [["1"] * len(NAMES), ["1"] * kept, ["1"] * len(NAMES)]
    with pytest.raises(InputRefusedError, match=f"line 3: has {kept} values"):
        read_raw_file(written(tmp_path, rows), columns=KNOWN, required=())
