from datetime import UTC, datetime

import pytest

from layers_pipeline import moments
from layers_pipeline.errors import InputRefusedError

MOMENT = datetime(2025, 5, 14, 8, 55, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2025-05-14T08:55:00Z", "2025-05-14T15:55+07:00"])
@pytest.mark.parametrize("naive", ["utc", "refused"])
def test_a_moment_with_an_offset_is_that_instant(text, naive):
    assert moments.parse(text, what="at", naive=naive) == MOMENT


def test_a_moment_without_an_offset_is_utc_where_that_is_said():
    assert moments.parse("2025-05-14 08:55", what="at", naive="utc") == MOMENT


@pytest.mark.parametrize(
    ("text", "naive"),
    [("2025-05-14 08:55", "refused"), ("2025-05-14", "refused"), ("yesterday", "utc"), ("", "utc")],
)
def test_what_is_no_moment_is_refused_by_name(text, naive):
    with pytest.raises(InputRefusedError) as refusal:
        moments.parse(text, what="--from", naive=naive)
    assert str(refusal.value) == (
        f"--from {text!r} is no moment: write ISO 8601 with an offset, such as "
        "2025-05-14T08:55:00Z."
    )
