"""The pictures of docs/tour.md: every page of the dashboard, and Dagster's UI, light and dark.

Belongs here: which pictures there are, taking them, making them small.
Does not belong here: what is shown (``pictured_home``), serving it (``pictured_faces``).

``python -m tools.pictures`` takes them all, from the demo that lies in ``LAYERS_HOME``, with
Debian's Chromium; ``--only NAME`` takes one. The demo itself is only copied.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from layers_pipeline.settings import load_settings
from tools.pictured_faces import Face, serving
from tools.pictured_home import CREATOR, PROJECT, pictured_home

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
PATIENCE_MS: Final = 90_000
SETTLES_MS: Final[Mapping[Face, int]] = {"dashboard": 1_500, "dagster": 6_000}
"""Charts and Dagster's graphs are drawn in their own time, and say nowhere when they are done."""
WIDTH: Final = 1280
HEIGHT: Final = 800
WIDE: Final = ("dashboard.png", 1600)
"""The README's: a project's first page, light; its name and width."""
COLORS: Final = 200
QUALITY: Final = 72
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
OF_PROJECT: Final = f"/project/{PROJECT}"
OF_CREATOR: Final = f"{OF_PROJECT}/creator/{CREATOR}"


TICKS: Final = urlencode(
    {"default_range": "[2025-05-14-04:00...2025-05-17-16:00]", "partition": "2025-05-17-16:00"}
)
"""The demo's ticks, the newest of them opened."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture: of what, and how much of it."""

    name: str
    path: str
    face: Face = "dashboard"
    height: int = HEIGHT
    click: str = ""
    """What is clicked first."""
    waits_for: str = "#page h1"

    def file(self, scheme: Scheme) -> Path:
        return FOLDER / f"{self.name}-{scheme}.webp"


PICTURES: Final = (
    Picture(name="projects", path="/"),
    Picture(name="project", path=OF_PROJECT, height=1100, waits_for=".recharts-line"),
    Picture(
        name="content",
        path=f"{OF_PROJECT}/content?sort=-organic_score",
        waits_for=".ag-row .ag-cell",
    ),
    Picture(
        name="panel",
        path=f"{OF_PROJECT}/content?sort=-organic_score",
        height=1500,
        click='.ag-row[row-index="1"] [col-id="platform"]',
        waits_for=".mantine-Drawer-body h3",
    ),
    Picture(
        name="scheduled", path=f"{OF_PROJECT}/content?tab=scheduled", waits_for=".ag-row .ag-cell"
    ),
    Picture(name="creators", path=f"{OF_PROJECT}/creators", height=1000),
    Picture(name="creator", path=OF_CREATOR, height=1000),
    Picture(name="statement", path=f"{OF_CREATOR}/statement?period=2025-05"),
    Picture(name="library", path=f"{OF_PROJECT}/library"),
    Picture(name="accounts", path=f"{OF_PROJECT}/syncs"),
    Picture(name="syncs", path="/syncs"),
    Picture(name="metrics", path="/coverage"),
    Picture(name="dictionary", path="/dictionary?table=organic_scores"),
    Picture(
        name="dagster-graph", face="dagster", path="/asset-groups", waits_for="svg foreignObject"
    ),
    Picture(name="dagster-lineage", face="dagster", path="/assets/organic_scores?view=lineage"),
    Picture(name="dagster-asset", face="dagster", path="/assets/organic_scores?view=overview"),
    Picture(
        name="dagster-partitions",
        face="dagster",
        path=f"/assets/organic_scores?view=partitions&{TICKS}",
    ),
    Picture(name="dagster-runs", face="dagster", path="/runs", waits_for="a[href^='/runs/']"),
)


def main(words: Sequence[str] | None = None) -> None:
    """Take the pictures, from a copy of the demo that is thrown away."""
    names = [picture.name for picture in PICTURES]
    given = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    given.add_argument("--only", choices=names, action="append", help="may be repeated")
    wanted = given.parse_args(words).only or names
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = pictured_home(load_settings().root, Path(folder) / "home")
        with serving(*home) as addresses, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            for scheme in SCHEMES:
                for picture in PICTURES:
                    if picture.name in wanted:
                        _take(browser, picture, scheme, addresses[picture.face])
            if "project" in wanted:
                _take_wide(browser, addresses["dashboard"])
            browser.close()


def _take(browser: Browser, picture: Picture, scheme: Scheme, address: str) -> None:
    taken = _seen(browser, picture, scheme, address, width=WIDTH)
    taken.save(picture.file(scheme), quality=QUALITY, method=6)
    sys.stdout.write(f"{picture.file(scheme).name}\n")


def _take_wide(browser: Browser, address: str) -> None:
    name, width = WIDE
    project = next(picture for picture in PICTURES if picture.name == "project")
    taken = _seen(browser, project, "light", address, width=width)
    taken.convert("RGB").quantize(COLORS).save(FOLDER / name, optimize=True)
    sys.stdout.write(f"{name}\n")


def _seen(
    browser: Browser, picture: Picture, scheme: Scheme, address: str, *, width: int
) -> Image.Image:
    with browser.new_context(
        viewport={"width": width, "height": picture.height},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    ) as context:
        context.route("**/*", _only_here)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address + picture.path)
        if picture.click:
            page.locator(picture.click).click()
        _settle(page, picture)
        return Image.open(BytesIO(page.screenshot()))


def _settle(page: Page, picture: Picture) -> None:
    """Wait until a page shows what it shows."""
    if picture.face == "dagster" and picture.waits_for.startswith("#page"):
        page.wait_for_selector("text=organic_scores")
    else:
        page.wait_for_selector(picture.waits_for)
    page.wait_for_load_state("networkidle" if picture.face == "dashboard" else "load")
    expect(page.locator("#page .state-loading")).to_have_count(0)
    page.wait_for_timeout(SETTLES_MS[picture.face])


def _only_here(route: Route) -> None:
    """Let pages ask nobody but this machine."""
    if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


if __name__ == "__main__":
    main()
