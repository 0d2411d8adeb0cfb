"""Amounts of pay: examples, caps, rounding, corrections, and laws against a slow second reading.

Belongs here: lines from facts of periods.
Does not belong here: facts of periods (``tests.steps.pay``), storing lines (``tests.operations``).
"""

from collections import defaultdict
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.payouts import lines_of
from transforms.facts.money import half_even, minor_units, plain, shown
from transforms.facts.payout_lines import LINES, PERIOD, accrued_lines, open_lines

MAY, JUNE, JULY = (date(2025, month, 1) for month in (5, 6, 7))
AFTER = {MAY: JUNE, JUNE: JULY, JULY: date(2025, 8, 1)}
NOTHING = {"currency": "USD"}


def periods_of(terms, *, starts=(MAY,), settled=()):
    rows = [
        {"starts_on": start, "ends_before": AFTER[start], "is_settled": start in settled}
        | {"config_id": 1}
        | NOTHING
        | terms
        for start in starts
    ]
    return pl.DataFrame(rows, schema=PERIOD).lazy()


def frame(rows, **schema):
    return pl.DataFrame(rows, schema=schema, orient="row").lazy()


def accrued(periods, *, members=(), views=(), ads=()):
    """Lines of periods; members, views and ads are rows without their creator, who is ada."""
    day, text, whole = pl.Date, pl.String, pl.Int64
    return accrued_lines(
        periods,
        members=frame(
            [("ada", *row) for row in members], creator_id=text, starts_on=day, posts=whole
        ),
        views=frame(
            [("ada", *row) for row in views],
            creator_id=text,
            container_id=text,
            starts_on=day,
            views_before=whole,
            views_after=whole,
        ),
        ads=frame(
            [("ada", *row) for row in ads],
            creator_id=text,
            container_id=text,
            starts_on=day,
            currency=text,
            spend_cents=whole,
            conversions=whole,
        ),
    )


def amounts(lines):
    rows = lines.collect().select("rule", "container_id", "amount_cents").rows()
    return {(rule, post): amount for rule, post, amount in rows}


# Examples


@pytest.mark.parametrize(
    ("mode", "posts", "expected"),
    [
        pytest.param("prorata", 0, 0, id="none of the posts"),
        pytest.param("prorata", 1, 33, id="a third, rounded"),
        pytest.param("prorata", 2, 67, id="two thirds, rounded"),
        pytest.param("prorata", 5, 100, id="more than required"),
        pytest.param("all_or_nothing", 2, 0, id="one is missing"),
        pytest.param("all_or_nothing", 3, 100, id="all are there"),
    ],
)
def test_base_pay(mode, posts, expected):
    terms = {"base_mode": mode, "base_amount_cents": 100, "required_posts": 3}
    assert amounts(accrued(periods_of(terms), members=[(MAY, posts)])) == {("base", ""): expected}


@pytest.mark.parametrize(
    ("before", "until", "expected"),
    [
        pytest.param(0, 1_000, 50, id="a thousand"),
        pytest.param(0, 10, 0, id="half a cent goes to the even 0"),
        pytest.param(0, 30, 2, id="one and a half goes to the even 2"),
        pytest.param(0, 99_999, 300, id="capped"),
        pytest.param(5_000, 7_000, 50, id="what is left below the cap"),
        pytest.param(7_000, 9_000, 0, id="the cap was reached before"),
    ],
)
def test_organic_views(before, until, expected):
    terms = {"per_1000_views_cents": 50, "views_cap_per_post_cents": 300}
    lines = accrued(periods_of(terms), views=[("p", MAY, before, until)])
    assert amounts(lines) == {("organic_views", "p"): expected}


def test_a_post_paid_in_many_periods_is_rounded_once():
    terms = {"per_1000_views_cents": 1_000}
    seen = [0, 333, 666, 1_000]
    views = [("p", start, *seen[place : place + 2]) for place, start in enumerate(AFTER)]
    lines = accrued(periods_of(terms, starts=tuple(AFTER)), views=views).collect()
    assert lines["amount_cents"].sum() == 1_000


def test_spend_in_another_currency_earns_no_share_and_conversions_do():
    terms = {"spend_share_bps": 500, "conversion_cents": 7}
    ads = [("p", MAY, "USD", 1_010, 2), ("p", MAY, "EUR", 99_000, 3)]
    assert amounts(accrued(periods_of(terms), ads=ads)) == {
        ("attributed_spend", "p"): 50,
        ("conversions", "p"): 35,
    }


def test_a_correction_takes_back_no_more_than_there_is_and_keeps_the_rest_for_later():
    terms = {"spend_share_bps": 10_000}
    settled = accrued(periods_of(terms), ads=[("p", MAY, "USD", 900, 0)])
    stored = as_settled(settled)
    ads = [("p", MAY, "USD", 100, 0), ("p", JUNE, "USD", 300, 0), ("p", JULY, "USD", 900, 0)]
    in_june = periods_of(terms, starts=(MAY, JUNE, JULY), settled=(MAY,))
    june = open_lines(in_june, accrued(in_june, ads=ads), stored).collect()
    assert corrections(june) == {(JUNE, MAY): -300}
    in_july = periods_of(terms, starts=(MAY, JUNE, JULY), settled=(MAY, JUNE))
    of_june = june.filter(pl.col("period_starts_on") == JUNE).lazy()
    july = open_lines(in_july, accrued(in_july, ads=ads), pl.concat([stored, of_june])).collect()
    assert corrections(july) == {(JULY, MAY): -500}


def as_settled(lines):
    booked = lines.with_columns(period_starts_on="earned_from", kind=pl.lit("accrual"))
    return booked.select(*LINES)


def corrections(lines):
    found = lines.filter(pl.col("kind") == "correction")
    return {
        (booked, of): amount
        for booked, of, amount in found.select(
            "period_starts_on", "earned_from", "amount_cents"
        ).rows()
    }


# Laws

amount = st.integers(0, 5_000)
cap = st.none() | amount
terms_drawn = st.fixed_dictionaries(
    {
        "per_1000_views_cents": st.none() | st.integers(0, 3_000),
        "views_cap_per_post_cents": cap,
        "views_cap_cents": cap,
        "spend_share_bps": st.none() | st.integers(0, 10_000),
        "spend_cap_cents": cap,
        "conversion_cents": st.none() | st.integers(0, 300),
        "conversions_cap_cents": cap,
        "cap_cents": cap,
    }
)
base_drawn = st.just({}) | st.fixed_dictionaries(
    {
        "base_mode": st.sampled_from(["prorata", "all_or_nothing"]),
        "base_amount_cents": amount,
        "required_posts": st.integers(1, 7),
    }
)
posts_drawn = st.sampled_from("abc")
views_drawn = st.dictionaries(posts_drawn, st.tuples(st.integers(0, 9_999), st.integers(0, 9_999)))
ads_drawn = st.dictionaries(
    st.tuples(posts_drawn, st.sampled_from(["USD", "EUR"])),
    st.tuples(st.integers(0, 50_000), st.integers(0, 9)),
)


def of_facts(terms, posts, views, ads):
    return accrued(
        periods_of(terms),
        members=[] if posts is None else [(MAY, posts)],
        views=[(post, MAY, min(seen), max(seen)) for post, seen in views.items()],
        ads=[(post, MAY, currency, *sums) for (post, currency), sums in ads.items()],
    )


facts = {
    "terms": st.builds(lambda one, other: one | other, terms_drawn, base_drawn),
    "posts": st.none() | st.integers(0, 9),
    "views": views_drawn,
    "ads": ads_drawn,
}


@given(**facts)
def test_lines_are_those_of_the_second_reading(terms, posts, views, ads):
    expected = lines_of(
        NOTHING | terms,
        posts=posts,
        views={post: (min(seen), max(seen)) for post, seen in views.items()},
        ads=ads,
    )
    assert amounts(of_facts(terms, posts, views, ads)) == expected


@given(**facts)
def test_pay_is_never_negative_and_never_above_a_cap(terms, posts, views, ads):
    sums, total = defaultdict(int), 0
    for (rule, _), cents in amounts(of_facts(terms, posts, views, ads)).items():
        assert cents >= 0
        sums[rule] += cents
        total += cents
    of_rules = {
        "organic_views": "views_cap_cents",
        "attributed_spend": "spend_cap_cents",
        "conversions": "conversions_cap_cents",
    }
    caps = [(sums[rule], terms[name]) for rule, name in of_rules.items()]
    assert all(most is None or paid <= most for paid, most in [*caps, (total, terms["cap_cents"])])


@given(**facts, post=posts_drawn, more=st.integers(0, 9_999))
def test_more_views_never_pay_less(terms, posts, views, ads, post, more):  # noqa: PLR0917
    before, until = sorted(views.get(post, (0, 0)))
    grown = views | {post: (before, until + more)}
    paid = [sum(amounts(of_facts(terms, posts, one, ads)).values()) for one in (views, grown)]
    assert paid[1] >= paid[0]


@given(spends=st.lists(st.tuples(*[st.integers(0, 999)] * 3), min_size=3, max_size=3))
def test_settled_lines_stay_and_what_is_booked_never_falls_below_zero(spends):
    """Three tellings of three months, of which one more is settled after each."""
    terms, starts = {"spend_share_bps": 10_000, "spend_cap_cents": 700}, tuple(AFTER)
    stored = as_settled(accrued(periods_of(terms))).clear()
    for number, told in enumerate(spends):
        ads = [("p", start, "USD", cents, 0) for start, cents in zip(starts, told, strict=True)]
        periods = periods_of(terms, starts=starts, settled=starts[:number])
        lines = open_lines(periods, accrued(periods, ads=ads), stored).collect()
        assert lines.filter(pl.col("period_starts_on").is_in(starts[:number])).is_empty()
        booked = lines.group_by("period_starts_on").agg(pl.col("amount_cents").sum())
        assert booked["amount_cents"].min() is None or booked["amount_cents"].min() >= 0
        closing = lines.filter(pl.col("period_starts_on") == starts[number])
        stored = pl.concat([stored, closing.lazy()]).collect().lazy()
        owed = pl.concat([stored, lines.lazy()]).collect()["amount_cents"].sum()
        assert owed >= 0


# Money


@given(numerator=st.integers(0, 10**15), denominator=st.integers(1, 10**6))
def test_halves_go_to_the_even_unit(numerator, denominator):
    from fractions import Fraction  # noqa: PLC0415 - here alone

    row = pl.DataFrame({"n": [numerator], "d": [denominator]})
    found = row.select(half_even(pl.col("n"), pl.col("d"))).item()
    assert found == round(Fraction(numerator, denominator))


@given(cents=st.integers(0, 10**12), currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_an_amount_is_read_as_it_is_shown(cents, currency):
    assert minor_units(plain(cents, currency), currency) == cents


def test_amounts_are_shown_with_their_currencys_decimals():
    given_ = [(-1234, "EUR"), (5, "USD"), (700, "JPY"), (1, "KWD")]
    assert [shown(*one) for one in given_] == ["-12.34 EUR", "0.05 USD", "700 JPY", "0.001 KWD"]


@pytest.mark.parametrize("text", ["1.005", "1,000.00", "-1", "1e3", "", "NaN"])
def test_an_amount_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"no amount|parts of a minor unit"):
        minor_units(text, "USD")
