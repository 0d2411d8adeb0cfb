"""Posts that files and platforms call by several ids are one, whoever is read first.

Belongs here: what becomes of every table; history that holds one post as two.
Does not belong here: which ids are one (``tests.transforms.facts.test_post_ids``).
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import everything, make_stores, remove, rows_of, score
from transforms.scoring.ticks import tick_from_key

HEADER = "platform,account_key,post_key,captured_at,published_at,permalink,views,likes"
MEDIA_ID, CODE, NUMBER = "17890000000009999", "DJsj6pxV6v4", "3633436961589931000"
ADDRESS = f"https://www.instagram.com/p/{CODE}/"
BY_MEDIA_ID = f"instagram,oak,{MEDIA_ID},2025-05-14T09:00:00Z,2025-05-13T09:00:00Z,{ADDRESS},900,12"
BY_CODE = f"instagram,oak,{CODE},2025-05-14T10:00:00Z,2025-05-13T09:00:00Z,,950,13"
BY_NUMBER = f"instagram,oak,{NUMBER}_77,2025-05-14T11:00:00Z,,,960,13"
BY_ADDRESS = f"instagram,oak,{ADDRESS}?igsh=1,2025-05-14T12:00:00Z,,,970,14"
OTHER = "instagram,oak,DAAAAAAAAAB,2025-05-14T08:00:00Z,,,5,1"
ROWS = (BY_MEDIA_ID, BY_CODE, BY_NUMBER, BY_ADDRESS, OTHER)
OF_POSTS = (
    catalog.POST_ALIASES,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.CONTENT_CONTAINERS,
    catalog.ADS_CONTENT,
)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = make_stores(tmp_path / "home")
    yield stores
    stores.operations.close()


def bring_in(stores: Stores, *rows: str, project: str = "brand") -> None:
    """Import rows as one file, and derive what follows."""
    folder = Path(stores.settings.home)
    path = folder / f"file-{len(list(folder.glob('file-*.csv')))}.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    import_captures(stores, [path], project_id=project, time_zone=None, run_id="r")
    bring_up_to_date(stores)


def facts(stores: Stores, *, of=OF_POSTS) -> dict[str, list[dict]]:
    """Tables of posts, without which run wrote a row."""
    found = everything(stores, of)
    return {
        name: [{key: row[key] for key in row if key != "run_id"} for row in rows]
        for name, rows in found.items()
    }


def ids(stores: Stores) -> list[str]:
    return rows_of(stores, catalog.PLATFORM_POSTS)["platform_post_id"].to_list()


def test_media_id_shortcode_number_and_address_are_one_post(stores):
    bring_in(stores, *ROWS)
    assert ids(stores) == [MEDIA_ID, "DAAAAAAAAAB"]
    latest = rows_of(stores, catalog.PLATFORM_POST_METRICS_LATEST).row(0, named=True)
    assert (latest["views"], latest["likes"]) == (970, 14)
    snapshots = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    assert snapshots.filter(platform_post_id=MEDIA_ID)["views"].to_list() == [900, 950, 960, 970]
    assert rows_of(stores, catalog.POST_ALIASES).select("platform_post_id", "same_as").rows() == [
        (CODE, MEDIA_ID)
    ]


def test_files_in_any_order_give_the_same_posts(tmp_path):
    found = []
    for place, rows in enumerate(permutations((BY_MEDIA_ID, BY_CODE))):
        stores = make_stores(tmp_path / str(place))
        for row in rows:
            bring_in(stores, row)
        found.append(facts(stores))
        stores.operations.close()
    assert all(one == found[0] for one in found)
    assert [row["platform_post_id"] for row in found[0]["platform_posts"]] == [MEDIA_ID]


def test_what_an_older_package_held_as_two_is_joined(stores):
    together = make_stores(Path(stores.settings.home) / "together")
    bring_in(together, BY_MEDIA_ID, BY_CODE, OTHER)
    hold_as_two(stores, (BY_MEDIA_ID, OTHER), (BY_CODE,))
    assert ids(stores) == [MEDIA_ID, "DAAAAAAAAAB", CODE]
    remove(stores, catalog.POST_ALIASES)
    bring_up_to_date(stores)
    assert facts(stores) == facts(together)
    before = facts(stores)
    bring_up_to_date(stores)
    assert facts(stores) == before
    together.operations.close()


def hold_as_two(stores: Stores, *files: Sequence[str]) -> None:
    """Import files one by one as a package that knows no second id: each with another code."""
    for rows in files:
        bring_in(stores, *(row.replace(ADDRESS, "") for row in rows))
    staged = rows_of(stores, catalog.STG_IMPORT__CAPTURES)
    told = staged.with_columns(
        permalink=staged["platform_post_id"].replace_strict([MEDIA_ID], [ADDRESS], default=None)
    )
    at = stores.lake.version(catalog.STG_IMPORT__CAPTURES)
    # As if the address had been there from the beginning: nobody has to read the rows again.
    written = stores.lake.replace(catalog.STG_IMPORT__CAPTURES, told, where={})
    assert written.inserted == staged.height
    for table in (
        catalog.PLATFORM_ACCOUNT_METRICS,
        catalog.PLATFORM_POST_METRICS,
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_POST_METRICS_LATEST,
    ):
        stores.lake.record_marks(table, {catalog.STG_IMPORT__CAPTURES.name: at + 1})


def test_a_tick_is_the_same_before_and_after_the_second_id_is_known(stores):
    tick = tick_from_key("2025-05-14-12:00")
    three = [row.replace(CODE, f"DAAAAAAAAA{end}") for row in (BY_CODE,) for end in "CDE"]
    bring_in(stores, BY_MEDIA_ID, *three)
    score(stores, [tick])
    live = rows_of(stores, catalog.AD_ELIGIBILITY)
    later = BY_CODE.replace("2025-05-14T10", "2025-05-15T10")
    bring_in(stores, later)
    score(stores, [tick])
    assert rows_of(stores, catalog.AD_ELIGIBILITY).equals(live)


def test_a_collaboration_is_in_the_pool_of_every_project_that_allows_one_of_its_accounts(stores):
    mine = BY_MEDIA_ID.replace("oak", "anna.cooks")
    bring_in(stores, mine, OTHER, project="p1")
    bring_in(
        stores, BY_MEDIA_ID.replace("oak", "ben.bikes").replace("T09:00", "T10:00"), project="p2"
    )
    content = rows_of(stores, catalog.ADS_CONTENT)["ads_content_id"].to_list()
    assert [one for one in content if MEDIA_ID in one] == [
        f"p1/instagram:{MEDIA_ID}",
        f"p2/instagram:{MEDIA_ID}",
    ]
    score(stores, [tick_from_key("2025-05-14-12:00")])
    judged = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert judged.filter(judged["ads_content_id"].str.contains(MEDIA_ID))[
        "project_id"
    ].to_list() == [
        "p1",
        "p2",
    ]


def test_a_renamed_account_is_one_with_what_it_was(stores):
    rows = (OTHER.replace("oak", "oak.old"), BY_MEDIA_ID)
    together = make_stores(Path(stores.settings.home) / "together")
    bring_in(together, *(row.replace("oak.old", "oak") for row in rows))
    bring_in(stores, *rows)
    now = stores.clock.now()
    stores.operations.account_renames.tell(("instagram", "oak.old"), "oak", by="me", now=now)
    bring_up_to_date(stores)
    assert facts(stores, of=OF_POSTS[:3]) == facts(together, of=OF_POSTS[:3])
    together.operations.close()
