"""The tour's pictures: one of each page, light and dark, and each that it shows is there.

Belongs here: that docs/tour.md, the pages and the files agree.
Does not belong here: taking pictures (``tools.pictures``), what pages show (``tests.dashboard``).
"""

import re
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from layers_pipeline.dashboard.pages import PAGES
from tools.pictures import FOLDER, PICTURES, SCHEMES, WIDE

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
SHOWN = re.findall(r"!\[[^]]+\]\(([^)]+)\)", TOUR.read_text(encoding="utf-8"))
BYTES_MAX = 2_500_000
"""A clone is no album."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_tour_has_a_picture_of_the_page_light_and_dark(page):
    own = [one for one in PICTURES if page.values_of(urlsplit(one.path).path) is not None]
    files = {f"pictures/{one.file(scheme).name}" for one in own for scheme in SCHEMES}
    assert files, "add the page to PICTURES of tools/pictures.py, take it, and show it in the tour"
    assert files <= set(SHOWN)


def test_the_tour_shows_every_picture_once_and_none_that_is_not_there():
    taken = [f"pictures/{one.file(scheme).name}" for one in PICTURES for scheme in SCHEMES]
    assert sorted(SHOWN) == sorted(taken)
    there = {f"pictures/{file.name}" for file in FOLDER.iterdir()}
    assert there == {*taken, f"pictures/{WIDE[0]}"}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_of_the_dark_is_darker(picture):
    light, dark = (brightness(picture.file(scheme).read_bytes()) for scheme in SCHEMES)
    assert dark < light / 2


def brightness(file: bytes) -> float:
    grey = Image.open(BytesIO(file)).convert("L").resize((1, 1))
    return float(grey.tobytes()[0])


def test_all_pictures_together_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= BYTES_MAX
