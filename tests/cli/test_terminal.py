from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.cli import terminal
from layers_pipeline.cli.terminal import console, print_table, progress_bars, widths_within
from layers_pipeline.progress import report


@pytest.fixture
def shown(capsys):
    """What a table of one value looks like."""

    def show(value):
        print_table(("column",), [(value,)])
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, "\N{EN DASH}", id="null is a dash"),
        pytest.param(True, "yes", id="true"),
        pytest.param(False, "no", id="false"),
        pytest.param(0, "0", id="zero is not null"),
        pytest.param(1_234_567, "1,234,567", id="thousands"),
        pytest.param(-1234.5, "-1,234.50", id="a float"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param(datetime(2025, 5, 14, 8, 55, tzinfo=UTC), "2025-05-14 08:55", id="an instant"),
        pytest.param(date(2025, 5, 14), "2025-05-14", id="a day"),
        pytest.param(Decimal("1.50"), "1.50", id="a decimal"),
        pytest.param("Cà phê 東京 🎉", "Cà phê 東京 🎉", id="any script"),
        pytest.param("[red]sale[/red]", "[red]sale[/red]", id="markup is text"),
        pytest.param("[/]", "[/]", id="a closing tag alone"),
        pytest.param("\\[bold]", "\\[bold]", id="a backslash before a bracket"),
        pytest.param("C:\\", "C:\\", id="a backslash at the end"),
        pytest.param(":smile:", ":smile:", id="no emoji names"),
        pytest.param("a\nb\tc", "a b c", id="one line"),
    ],
)
def test_a_value_is_shown_as_it_is(shown, value, expected):
    assert f" {expected} " in shown(value)


@pytest.mark.parametrize(
    "code",
    ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r", "\x08", "\x00", "\u202e", "\u2028"],
    ids=repr,
)
def test_no_control_character_reaches_the_screen(shown, code):
    printed = shown(f"before{code}after")
    assert not set(code) & set(printed) - set("[2J]0;title31m")
    assert "before" in printed
    assert "after" in printed


def test_headings_are_no_markup_either(capsys):
    print_table(("[red]x[/red]", "\x1b[2Jy"), [(1, 2)])
    printed = capsys.readouterr().out
    assert "[red]x[/red]" in printed
    assert "\x1b" not in printed


def test_a_column_of_numbers_stands_to_the_right(capsys):
    print_table(("views",), [(5,), (12_345,), (None,)])
    printed = capsys.readouterr().out.splitlines()
    assert "│      5 │" in printed
    assert "│      \N{EN DASH} │" in printed


def test_no_rows_are_an_empty_table(capsys):
    print_table(("views",), [])
    assert "views" in capsys.readouterr().out


def test_a_table_is_wide_where_no_terminal_is(capsys):
    long = "x" * 120
    print_table(("caption",), [(long,)])
    assert long in capsys.readouterr().out
    assert console.width >= 120


# Tables that are too wide

HEALTH = (
    *("account_id", "platform", "display_name", "connection", "status", "depth", "last_outcome"),
    *("last_message", "last_finished_at", "next_due_at", "hours_late", "failures_in_a_row"),
)
MESSAGE = "the platform answered 500 three times; asked again in half an hour"
ROW = (
    *("instagram:17841400000000000", "instagram", "Ada", "oauth", "active", "quick", "failed"),
    *(MESSAGE, datetime(2025, 5, 14, 8, 55, tzinfo=UTC), None, 1.5, 3),
)


def test_a_row_that_a_table_would_break_to_pieces_is_a_block_of_names_and_values(capsys):
    print_table(HEALTH, [ROW, ROW], title="Health")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Health"
    assert [line.strip() for line in lines if " of 2" in line] == ["1 of 2", "2 of 2"]
    names = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
    assert names == [*HEALTH, *HEALTH]
    values = [line.split("│")[2].strip() for line in lines if line.startswith("│")]
    assert values[: len(ROW)] == [
        *ROW[:8],
        "2025-05-14 08:55",
        "\N{EN DASH}",
        "1.50",
        "3",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_word_is_broken_that_a_line_has_room_for(capsys, monkeypatch, width):
    monkeypatch.setattr(terminal.console, "width", width)
    print_table(HEALTH, [ROW])
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    whole = [*HEALTH, ROW[0], *MESSAGE.split()] if width >= 80 else HEALTH
    assert [word for word in whole if word not in printed] == []


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200)), min_size=1, max_size=20),
)
def test_columns_get_what_they_need_or_nothing_is_a_table(space, columns):
    needed = [need for need, _ in columns]
    wanted = [need + more for need, more in columns]
    widths = widths_within(space, needed=needed, wanted=wanted)
    assert (widths is None) is (sum(needed) > space)
    if widths is None:
        return
    assert all(a <= b <= c for a, b, c in zip(needed, widths, wanted, strict=True))
    # No column stays narrower than it wants while there is room.
    assert sum(widths) == min(space, sum(wanted))


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_nothing_forces_colours_into_a_file(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert not terminal._console(stderr=False).is_terminal


def test_bars_are_not_drawn_where_no_terminal_is(capsys):
    with progress_bars():
        report("rows", 1, 2)
        report("rows", 2, 2)
    assert capsys.readouterr() == ("", "")
