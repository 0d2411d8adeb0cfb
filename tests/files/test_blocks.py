"""Delimited text in blocks: wherever they end, the rows and their lines are the same."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.blocks import blocks_of
from layers_pipeline.files.csv_rows import WIDE, csv_table
from layers_pipeline.files.delimited import dialect_of
from layers_pipeline.files.kept_rows import KeptRows
from layers_pipeline.files.members import Member
from layers_pipeline.files.raw_file import SAMPLED, Sample
from tests.hypothesis_profiles import examples
from transforms.staging.parsing import LINE

VALUES = st.text(st.sampled_from('ab7 ,"é🚨\n'), max_size=5)


def written(folder, rows, *, ends="\n"):
    path, text = folder / "x.csv", io.StringIO()
    csv.writer(text, lineterminator=ends).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def lines_of(rows):
    """The line that each row begins on, the header's first."""
    taken = [sum(value.count("\n") for value in row) + 1 for row in rows]
    return [1 + sum(taken[:at]) for at in range(len(rows))]


@examples(1)
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8),
    size=st.integers(1, 40),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_blocks_hold_whole_rows_and_all_of_the_text(rows, size, ends, tmp_path_factory):
    rows = [("row", *row) for row in rows]
    path = written(tmp_path_factory.mktemp("blocks"), rows, ends=ends)
    cut = list(blocks_of(Member(path=path, name=path.name), size=size))
    assert b"".join(block.content for block in cut) == path.read_bytes()
    found = [
        tuple(row)
        for block in cut
        for row in csv.reader(io.StringIO(bytes(block.content).decode(), newline=""), strict=True)
    ]
    assert found == rows


@pytest.mark.parametrize("width", [3, WIDE + 1])
@examples(0.5)
@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8), size=st.integers(1, 60))
def test_rows_and_lines_do_not_depend_on_the_size_of_blocks(width, rows, size, tmp_path_factory):
    names = [f"n{at}" for at in range(width)]
    rows = [("row", *row, *[""] * (width - 3)) for row in rows]
    path = written(tmp_path_factory.mktemp("lines"), [names, *rows])
    member = Member(path=path, name=path.name)
    found = csv_table(member, dialect_of(member, names[:3]), names[:3], block_bytes=size).rows
    assert found.select(names[:3]).rows() == [row[:3] for row in rows]
    assert found[LINE].to_list() == lines_of([names, *rows])[1:]


def test_a_line_that_is_no_utf8_is_named_in_whatever_block_it_stands(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n5,\xff\n")
    with pytest.raises(InputRefusedError, match="line 4: is not UTF-8"):
        list(blocks_of(Member(path=path, name=path.name), size=5))


def test_a_quote_within_a_value_does_not_cut_a_row(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n5" lamp,x\n1,"two\nlines"\n2,y\n')
    member = Member(path=path, name=path.name)
    whole = csv_table(member, dialect_of(member, ()), ()).rows
    for size in range(1, 30):
        assert csv_table(member, dialect_of(member, ()), (), block_bytes=size).rows.equals(whole)


@pytest.mark.parametrize("most", [0, 3, 100])
def test_rows_that_are_kept_come_back_in_their_order(most):
    kept, parts = KeptRows(most), [pl.DataFrame({"a": [at, at + 1]}) for at in range(5)]
    for part in parts:
        kept.add(part)
    assert pl.concat(kept.frames()).equals(pl.concat(parts))
    folder = kept._folder
    assert (folder is None) == (most == 100)
    del kept
    assert folder is None or not Path(folder).exists()


def test_a_sample_is_all_of_a_small_file_and_every_fourth_row_of_a_large_one():
    for total, step in ((10, 1), (SAMPLED - 1, 1), (3 * SAMPLED, 4)):
        sample, rows = Sample(), pl.select(a=pl.int_range(total))
        for part in rows.iter_slices(30_001):
            sample.add(part)
        assert sample.rows["a"].to_list() == list(range(0, total, step))
