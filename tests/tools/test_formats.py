"""The page of formats is what the records say.

Belongs here: that docs/formats.md is up to date.
Does not belong here: reading files (``tests.files``).
"""

from tools.formats import PAGE, as_markdown


def test_the_page_is_what_the_records_say():
    page = PAGE.read_text(encoding="utf-8")
    assert page == as_markdown(page), (
        "docs/formats.md is out of date. Make it anew: .venv/bin/python -m tools.formats"
    )
