"""Numbers and days as each language writes them, by an independent formatter, read back equal.

Belongs here: laws with Babel as the writer.
Does not belong here: whole files (``tests.files``).
"""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from transforms.exports.captures import dated
from transforms.exports.days import read_written_day, wall_clock
from transforms.exports.numbers import open_values, plain_number, telling

COMMA = ("es", "es_AR", "pt_BR", "pt_PT", "fr", "de", "it", "vi", "ru", "nl", "pl", "id")
POINT = ("en_US", "en_GB", "es_MX", "ko", "ja", "zh", "th")
DAY_FIRST = ("en_GB", "es", "es_MX", "pt_BR", "pt_PT", "fr", "de", "it", "vi", "ru")
YEAR_FIRST = ("ko", "ja", "zh")
FORMS = ("short", "medium", "long", "full")
DAYS = st.dates(date(2012, 1, 1), date(2026, 11, 30))


def written(numbers, locale, form="#,##0.00"):
    return [format_decimal(number, form, locale=locale) for number in numbers]


@pytest.mark.parametrize("locale", [*COMMA, *POINT])
@examples(0.2)
@given(cents=st.lists(st.integers(0, 10**11), min_size=1, max_size=8))
def test_money_is_read_back_to_the_cent(locale, cents):
    decimal = "comma" if locale in COMMA else "point"
    texts = written([f"{cent // 100}.{cent % 100:02}" for cent in cents], locale)
    rows = pl.DataFrame({"line": range(len(texts)), "spend": texts})
    told = {sign for sign, found in telling(rows, ["spend"]).items() if not found.is_empty()}
    assert told == {decimal}
    plain = rows.select(plain_number("spend", decimal).cast(pl.Decimal(20, 2)))["spend"]
    assert [int(value * 100) for value in plain] == cents


@pytest.mark.parametrize("locale", [*COMMA, *POINT])
@examples(0.2)
@given(numbers=st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_counts_are_read_back_or_asked_for(locale, numbers):
    decimal = "comma" if locale in COMMA else "point"
    rows = pl.DataFrame({"line": range(len(numbers)), "views": written(numbers, locale, "#,##0")})
    told = [sign for sign, found in telling(rows, ["views"]).items() if not found.is_empty()]
    assert told in ([], [decimal])
    assert open_values(rows, ["views"], decimal).is_empty()
    plain = rows.select(plain_number("views", decimal))["views"]
    assert [int(value) for value in plain] == numbers


@pytest.mark.parametrize("locale", [*DAY_FIRST, *YEAR_FIRST, "en_US"])
@examples(0.4)
@given(day=DAYS, form=st.sampled_from(FORMS))
def test_a_day_is_read_back(locale, day, form):
    order = "month-first" if locale == "en_US" else "day-first"
    text = format_date(day, form, locale=locale)
    if locale in YEAR_FIRST and form == "short":
        text = format_date(day, "yyyy-MM-dd", locale=locale)
    assert pl.select(read_written_day(pl.lit(text), order)).item() == day


@examples(0.5)
@given(
    moment=st.datetimes(datetime(2012, 1, 1), datetime(2026, 11, 30)),  # noqa: DTZ001 - a clock
    form=st.sampled_from(["MM/dd/yyyy HH:mm", "MMM d, y h:mm a", "yyyy-MM-dd HH:mm:ss"]),
)
def test_a_clock_is_read_back_to_its_minute(moment, form):
    text = format_datetime(moment, form, locale="en_US")
    read = pl.select(wall_clock(pl.lit(text), "month-first")).item()
    assert read.replace(second=0) == moment.replace(second=0, microsecond=0)


@examples(0.5)
@given(
    exported=st.dates(date(2022, 1, 1), date(2026, 11, 30)),
    age=st.integers(0, 300),
    late=st.integers(0, 60),
    form=st.sampled_from([("en", "MMMM d"), ("ru", "d MMMM"), ("vi", "d MMMM"), ("ja", "M月d日")]),
)
def test_a_day_without_a_year_is_that_of_the_export(exported, age, late, form):
    locale, pattern = form
    text = format_date(exported, pattern, locale=locale)
    now = datetime(exported.year, exported.month, exported.day, 23, 59, 59, tzinfo=UTC)
    now += date.resolution * late
    newest = now - date.resolution * (age + late + 1)
    ((_, found),) = dated([text], newest, zone=None, now=now)
    assert found is not None
    assert found.date() == exported
