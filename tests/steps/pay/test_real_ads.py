"""A real export of ads with creators assigned by a seeded rule, and a small invented one.

Belongs here: sums that must come out to the cent, attributed plus unattributed.
Does not belong here: how exports are read (``tests.files``).
"""

import csv
import random
from decimal import Decimal

from layers_pipeline.lake import catalog
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.pay.creators import pay_creators
from tests.worlds.ad_reports import DAY, KAG, needs_kag
from tests.worlds.data_builders import NOW, allow, capture, import_rows, make_stores, rows_of
from transforms.vocabulary import UNATTRIBUTED

INVENTED = "\n".join(
    [
        "ad_id,fb_campaign_id,impressions,clicks,spend,total_conversion",
        "1,7,7350,1,1.429999948,2",
        "2,7,17861,2,1.820000023,2",
        "3,7,693,0,0,1",
        "4,8,4259,1,1.25,0",
        "5,8,4133,1,1.289999962,1",
        "",
    ]
)
"""Numbers as such an export writes them; the ads are nobody's."""


def attributed(folder, path, creators=5):
    """Days of creators after an import, where two thirds of the ads show some creator's post."""
    stores, random_ = make_stores(folder / "home"), random.Random(42)
    names = [f"creator{number}" for number in range(creators)]
    allow(stores, *names)
    import_rows(stores, folder, [capture(f"p-{name}", account_key=name) for name in names])
    import_ad_metrics(stores, [path], ad_platform="meta", spent_on=DAY, run_id="r")
    with path.open(newline="") as file:
        ads = [row["ad_id"] for row in csv.DictReader(file)]
    links = [
        NewAd(
            ad_platform="meta", ad_id=ad, ads_content_id=f"brand/tiktok:p-{random_.choice(names)}"
        )
        for ad in ads
        if random_.random() < 2 / 3
    ]
    stores.operations.ads.connect(links, now=NOW)
    pay_creators(stores)
    days = rows_of(stores, catalog.CREATOR_DAILY).drop_nulls("spend_cents")
    stores.operations.close()
    return days, {ad.ad_id: ad.ads_content_id.partition("p-")[2] for ad in links}


def by_hand(path, links):
    """Cents and conversions by creator, from the file itself."""
    sums = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            creator = links.get(row["ad_id"])
            key = f"tiktok:{creator}" if creator else UNATTRIBUTED
            cents, brought = sums.get(key, (0, 0))
            spend = int(Decimal(row["spend"]).quantize(Decimal("0.01")) * 100)
            sums[key] = (cents + spend, brought + int(row["total_conversion"]))
    return sums


def check(folder, path):
    days, links = attributed(folder, path)
    told = {
        row[0]: row[1:] for row in days.select("creator_id", "spend_cents", "conversions").rows()
    }
    assert told == by_hand(path, links)
    assert UNATTRIBUTED in told
    return days["spend_cents"].sum(), days["conversions"].sum()


def test_an_invented_export_adds_up(tmp_path):
    path = tmp_path / "ads.csv"
    path.write_text(INVENTED)
    assert check(tmp_path, path) == (579, 6)


@needs_kag
def test_a_real_export_adds_up_to_the_cent_and_conversion(tmp_path):
    assert check(tmp_path, KAG) == (5_870_523, 3_264)
