"""What browser tests share: one deployment made by the pipeline, one server, one browser.

Belongs here: making them once, a fresh profile per test, what a page asked for and complained of.
Does not belong here: what pages must show.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores
from tests.worlds.content_lists import CAPTIONS
from tests.worlds.true_lives import NOW, live
from tests.worlds.true_pages import add_creatives_and_pay

PROGRAM = Path(__file__).parents[3] / ".venv/bin/layers-pipeline"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
BIG = "big"
BIG_ROWS = 100_000
ROWS = """
insert into content_detail by name
select
    'big/tiktok:' || lpad(number::varchar, 6, '0') as ads_content_id,
    'big' as project_id,
    'tiktok:' || lpad(number::varchar, 6, '0') as container_id,
    (['ugc', 'generated', 'manual'])[1 + number % 3] as scoring_pool,
    (['tiktok', 'instagram'])[1 + number % 2] as platform,
    lpad(number::varchar, 6, '0') as platform_post_id,
    'account ' || number % 40 as account_key,
    (['reel', 'story', 'tiktok_video'])[1 + number % 3] as media_type,
    $captions[1 + number % len($captions)] as caption,
    timestamptz '2025-01-01 00:00:00+00' + to_minutes(number) as published_at,
    date '2025-01-01' + (number // 1440)::integer as published_on,
    number % 10 = 0 as is_deleted,
    number as views,
    nullif(number % 7, 0) as likes,
    number % 101 / 10 as organic_score,
    number % 2 = 0 as is_eligible,
    'score' as reason,
    0 as ads,
    0 as running_ads,
    number % 50 = 1 as is_running,
    case when number % 20 = 1 then 'exclude' end as override
from range($size) as numbers (number)
"""


@dataclass
class Deployed:
    """A served deployment."""

    url: str
    home: Path
    file: Path
    """The published file."""


@pytest.fixture(scope="package")
def deployed(tmp_path_factory) -> Iterator[Deployed]:
    """Two projects that lived by the sandbox's truth, and one of 100,000 made-up contents."""
    home = tmp_path_factory.mktemp("pages") / "home"
    stores = live(home).stores
    stores.operations.projects.add(BIG, name="Big <b>brand</b>", time_zone="UTC", now=NOW)
    add_creatives_and_pay(stores)
    plan_posts(stores)
    path = publish(stores).path
    stores.operations.close()
    with duckdb.connect(str(path)) as connection:
        hostile = ["<img src=x onerror=alert(1)>", "\u202etxt.exe", *CAPTIONS]
        connection.execute(ROWS, {"size": BIG_ROWS, "captions": hostile})
    process, url = start(home)
    yield Deployed(url, home, path)
    stop(process)


def plan_posts(stores: Stores) -> None:
    """Two posts to come, of which one is called off."""
    account = stores.operations.accounts.all()[0].account_id
    posts = [
        NewScheduledPost(
            project_id="brand",
            slug=slug,
            account_id=account,
            scheduled_for=datetime(2999, 7, 1, 10, tzinfo=UTC),
            caption=f"<b>{slug}</b>",
            is_cancelled=slug == "off",
        )
        for slug in ("on", "off")
    ]
    stores.operations.scheduled_posts.state(posts, changed_by="ann", now=NOW)


def start(home: Path, **variables: str) -> tuple[subprocess.Popen[str], str]:
    """A dashboard over a home, and where it serves."""
    ours = {name: one for name, one in os.environ.items() if not name.startswith("LAYERS_")}
    process = subprocess.Popen(
        [PROGRAM, "dashboard", "--port", "0"],
        env={**ours, "LAYERS_HOME": str(home), **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found, "the dashboard said no address"
    return process, found.group()


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser, closed after the last test of this folder: its driver holds the event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a fresh profile who looks at pages."""

    page: Page
    home: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page, and wait until its middle is drawn."""
        self.page.goto(self.home + path)
        self.page.wait_for_selector("#page h1, #page .state-failed")
        return self.page

    def outside(self) -> list[str]:
        """What was asked of anybody but the dashboard."""
        ours = (self.home, "data:", "blob:")
        return [url for url in self.asked if not url.startswith(ours)]


def visiting(context: BrowserContext, home: str) -> Visitor:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(page, home)
    page.on("request", lambda request: visitor.asked.append(request.url))
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: visitor.complaints.append(said.text) if said.type == "error" else None,
    )
    return visitor


@pytest.fixture(scope="package")
def profile(chromium) -> Iterator[BrowserContext]:
    """A profile that keeps scripts, which are long: to read them anew costs more than the pages."""
    size: ViewportSize = {"width": 1400, "height": 900}
    with chromium.new_context(
        viewport=size, color_scheme="light", reduced_motion="reduce"
    ) as context:
        yield context


@pytest.fixture
def visitor(profile, deployed) -> Iterator[Visitor]:
    """A visitor whose pages neither fail nor ask for anything from elsewhere."""
    made = visiting(profile, deployed.url)
    yield made
    made.page.evaluate("window.localStorage.clear()")
    made.page.close()
    assert made.outside() == []
    assert made.complaints == []
