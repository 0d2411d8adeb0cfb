"""Exports as people have them, read as they are.

Belongs here: what becomes of each sample; which format it is, however it was saved.
Does not belong here: our own format (``test_captures``, ``test_ads``).
"""

import csv
import gzip
import io
import random

import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ads import AdReading
from layers_pipeline.files.captures import OWN_CAPTURES, read_capture_files
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.inspection import inspect_file
from layers_pipeline.files.members import members_of
from layers_pipeline.files.options import told_of
from layers_pipeline.files.recognition import recognise
from tests.files.samples import FOLLOWERS, NOW, OVERVIEW, SAMPLES, Sample
from transforms.exports.catalog import BY_NAME, EXPORTS, ROWS_AT, WORDS
from transforms.exports.headers import fits, header_of

COUNTS = ("platform_post_id", "views", "likes", "comments", "shares", "saves", "followers")
TABLES = {name: one for name, one in SAMPLES.items() if one.name.endswith(".csv")}


def read(path, options=(), **more):
    said = dict(options)
    zone = said.pop("time_zone", None)
    told = told_of(said, time_zone=zone, now=NOW)
    return read_capture_files(path, time_zone=zone, now=NOW, run_id="r", told=told, **more)


def shown(file):
    return tuple(file.sound.select(COUNTS).rows())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_as_it_is(name, tmp_path):
    sample = SAMPLES[name]
    (file,) = read(sample.at(tmp_path), sample.options)
    assert file.format == sample.format
    assert shown(file) == sample.captures
    assert tuple(file.sound["published_at"]) == sample.published
    assert tuple(file.sound["media_type"]) == sample.media
    assert set(file.sound["captured_at"]) == {sample.captured}
    assert set(file.sound["account_key"]) == {"ivy.and.fern"}
    assert set(file.sound["platform"]) == {BY_NAME[file.format].platform or sample.platform}
    assert file.rows_set_aside.height == sample.set_aside
    assert file.rows == len(sample.captures) + sample.set_aside
    assert file.findings == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_an_inspection_shows_what_the_import_reads(name, tmp_path):
    sample = SAMPLES[name]
    path, zone = sample.at(tmp_path), sample.options.get("time_zone")
    told = told_of({k: v for k, v in sample.options.items() if k != "time_zone"}, time_zone=zone,
                   now=NOW)  # fmt: skip
    reading = AdReading(
        ad_platform=None, spent_on=None, is_history=False, read_at=NOW, run_id="r", told=told
    )
    (one,) = inspect_file(path, reading, time_zone=zone)
    (file,) = read(path, sample.options)
    assert one.subject == "captures"
    assert_frame_equal(one.file.sound, file.sound)
    assert_frame_equal(one.file.quarantined, file.quarantined)
    assert one.file.notes == file.notes


def test_every_format_of_captures_has_a_sample():
    known = {export.name for export in EXPORTS if export.subject == "captures"}
    assert known == {sample.format for sample in SAMPLES.values()}


def resaved(sample: Sample, *, delimiter=",", seed=None, drop=(), rename=(), extra=False) -> bytes:
    """A sample's table as another program would save it."""
    rows = list(csv.reader(io.StringIO(sample.content.decode("utf-8-sig"))))
    first = next(at for at, row in enumerate(rows) if sum(map(bool, row)) > 2)
    head, body = rows[first], rows[first + 1 :]
    order = list(range(len(head)))
    if seed is not None:
        random.Random(seed).shuffle(order)
    order = [at for at in order if head[at] not in drop]
    renamed = [dict(rename).get(head[at], head[at]) for at in order]
    table = [renamed, *([row[at] for at in order] for row in body)]
    if extra:
        table = [["Nobody knows", *table[0]], *(["x", *row] for row in table[1:])]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue().encode("utf-8-sig" if extra else "utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_other_orders_columns_and_separators_change_nothing(name, tmp_path):
    sample = TABLES[name]
    delimiter = ",;\t|"[sorted(TABLES).index(name) % 4]
    path = tmp_path / sample.name
    content = resaved(sample, delimiter=delimiter, seed=f"{name}{delimiter}", extra=True)
    path.write_bytes(content)
    (file,) = read(path, sample.options)
    assert (file.format, shown(file)) == (sample.format, sample.captures)
    assert tuple(file.sound["published_at"]) == sample.published


@pytest.mark.parametrize("name", [name for name in TABLES if len(TABLES[name].captures) > 1])
def test_each_row_alone_gives_what_it_gives_among_others(name, tmp_path):
    sample = TABLES[name]
    head, *body = csv.reader(io.StringIO(resaved(sample).decode()))
    found = []
    for number, row in enumerate(body[: len(sample.captures)]):
        path = tmp_path / f"{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows([head, row])
        (file,) = read(path, sample.options)
        found += shown(file)
    assert tuple(found) == sample.captures


@pytest.mark.parametrize("name", TABLES)
def test_a_needed_column_that_lacks_is_named_never_guessed(name, tmp_path):
    sample = TABLES[name]
    export = BY_NAME[sample.format]
    words = {word for need in export.needed for one in export.columns[need] for word in one.words}
    head = next(csv.reader(io.StringIO(resaved(sample).decode())))
    for column in [column for column in head if column.casefold().replace("/", ".") in words]:
        path = tmp_path / sample.name
        path.write_bytes(resaved(sample, rename=[(column, "Something else")]))
        try:
            (file,) = read(path, sample.options)
        except InputRefusedError:
            continue
        # Where the id stands in the address too, that is the post's key.
        counts = [[row[1:] for row in rows] for rows in (shown(file), sample.captures)]
        assert (file.format, counts[0]) == (sample.format, counts[1]), column


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_fits_no_other_format(name, tmp_path):
    sample = SAMPLES[name]
    for member in members_of(sample.at(tmp_path)):
        raw = read_table(member, columns=(), required=(), words=WORDS, rows_at=ROWS_AT)
        found = fits(header_of(raw.columns), EXPORTS, given={"captured_at"})
        assert len(found) == 1
        for other in EXPORTS:
            if other is not found[0].export:
                with pytest.raises(InputRefusedError):
                    recognise(member.path, raw, OWN_CAPTURES, given=(), name=other.name)


@pytest.mark.parametrize("lines", ["sep=;\n", "\ufeffsep=;\r\n"])
def test_a_line_that_names_the_separator_is_no_header(lines, tmp_path):
    sample = TABLES["pyktok"]
    path = tmp_path / "p.csv"
    path.write_bytes(lines.encode() + resaved(sample, delimiter=";"))
    (file,) = read(path, sample.options)
    assert shown(file) == sample.captures


def test_packed_files_are_read(tmp_path):
    sample = SAMPLES["apify tiktok"]
    path = tmp_path / f"{sample.name}.gz"
    path.write_bytes(gzip.compress(sample.content))
    (file,) = read(path)
    assert (shown(file), set(file.sound["captured_at"])) == (sample.captures, {sample.captured})


@pytest.mark.parametrize(
    ("content", "words"), [(OVERVIEW, "overview by day"), (FOLLOWERS, "history of followers")]
)
def test_what_tells_of_no_posts_is_named_and_refused(content, words, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputRefusedError, match=words):
        read(path)
