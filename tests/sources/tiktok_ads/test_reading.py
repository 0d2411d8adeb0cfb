"""What one reading of a TikTok ad account asks, and what it keeps."""

import json
from collections import Counter
from datetime import date

import pytest

from layers_pipeline.errors import SourceMalformedError, SourceUnavailableError
from tests.sources.tiktok_ads.world import (
    ACCOUNT,
    TOKEN,
    Service,
    ad,
    ad_day,
    bodies,
    envelope,
    page,
    read,
    subjects,
)

TODAY = date(2026, 3, 1)


def test_a_reading_brings_the_account_its_ads_their_days_and_its_totals():
    service = Service([ad("1"), ad("2")])
    service.days = lambda day: [ad_day("1", day), ad_day("2", day)]
    reading = read(service)
    assert (reading.error, reading.is_complete, reading.ads, reading.days) == (None, True, 2, 20)
    assert Counter(row.entity for row in reading.rows) == {
        "account": 1, "ad": 2, "ad_day": 20, "account_day": 10,
    }  # fmt: skip
    assert reading.calls == len(service.asked)


def test_days_end_with_today_where_the_account_is_and_come_in_weeks():
    service = Service()
    service.zone = "Etc/GMT+12"
    reading = read(service)
    assert (reading.since, reading.until) == (date(2026, 2, 19), date(2026, 2, 28))
    assert service.reports() == [("2026-02-19", "2026-02-25"), ("2026-02-26", "2026-02-28")]


def test_the_zone_is_the_one_that_days_are_cut_by():
    assert read(Service()).account.time_zone == "Etc/GMT+8"


def test_every_status_is_asked_for_by_name():
    service = Service([ad("1")])
    read(service)
    filters = [
        json.loads(request.url.params["filtering"])
        for request in service.asked
        if "filtering" in request.url.params
    ]
    assert filters[0] == {"primary_status": "STATUS_ALL"}
    expected = {"field_name": "ad_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}
    assert filters[1:] == [[expected]] * 2


def test_known_ads_that_the_list_lacks_are_read_by_id_a_hundred_at_once():
    hidden = [ad(str(number), secondary_status="AD_STATUS_DELETE") for number in range(100, 350)]
    service = Service([ad("1")], hidden=hidden)
    reading = read(service, known_ads=[one["ad_id"] for one in hidden])
    assert reading.ads == 251
    assert service.paths().count("/ad/get/") == 1 + 3


def test_ads_that_only_a_report_knows_are_read_by_id():
    service = Service(hidden=[ad("7")])
    service.days = lambda day: [ad_day("7", day)]
    assert subjects(read(service), "ad") == ["7"]


def test_an_ad_that_nothing_but_a_report_gives_keeps_its_days_and_is_named():
    service = Service()
    service.days = lambda day: [ad_day("7", day)]
    reading = read(service)
    assert (reading.is_complete, reading.days) == (True, 10)
    assert [(issue.kind, issue.subject) for issue in reading.issues] == [("gone", "7")]


def test_every_page_is_read():
    service = Service([ad(str(number)) for number in range(25)], size=10)
    service.days = lambda day: [ad_day(str(number), day) for number in range(25)]
    reading = read(service)
    assert (reading.ads, reading.days) == (25, 250)


def test_a_list_that_changes_while_it_is_read_is_read_anew():
    service = Service([ad(str(number)) for number in range(25)], size=10)

    def shrunk(request):
        if request.url.params.get("page") == "2" and len(service.ads) == 25:
            del service.ads[0]
            return envelope(page(service.ads, number=2, size=10))
        return None

    service.strike("/ad/get/", shrunk)
    assert read(service).ads == 24


def test_a_list_that_never_keeps_still_is_no_list():
    service = Service([ad("1")])
    totals = iter(range(2, 99))
    service.strike("/ad/get/", lambda _: envelope(page([ad("1")], total=next(totals))))
    reading = read(service)
    assert type(reading.error) is SourceUnavailableError
    assert "changed while it was read" in str(reading.error)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/advertiser/info/", {"list": []}),
        ("/advertiser/info/", {"list": [{"currency": "XXX", "timezone": "UTC"}]}),
        ("/advertiser/info/", {"list": [{"currency": "USD", "timezone": "Mars/Utopia"}]}),
        ("/ad/get/", {"list": {}, "page_info": {"total_page": 1}}),
        ("/ad/get/", {"list": [], "page_info": {"total_page": "1"}}),
        ("/ad/get/", {"list": [{"ad_id": None}], "page_info": {"total_page": 1}}),
        ("/report/", {"list": [{"dimensions": []}], "page_info": {"total_page": 1}}),
    ],
)
def test_what_is_not_as_promised_ends_the_reading(path, data):
    service = Service()
    service.strike(path, envelope(data))
    reading = read(service)
    assert (type(reading.error), reading.is_complete) == (SourceMalformedError, False)


def test_ids_above_2_to_the_53_are_kept_as_text():
    service = Service([ad(1766492011223345678)])
    assert subjects(read(service), "ad") == ["1766492011223345678"]


def test_the_token_stands_in_no_row():
    service = Service([ad("1", ad_name=f"named {TOKEN}")])
    reading = read(service)
    assert TOKEN not in "".join(row.body for row in reading.rows)
    assert bodies(reading, "ad")[0]["ad_name"] == "named ***"


def test_an_outage_is_made_up_for():
    service = Service()
    reading = read(service, read_until=date(2026, 2, 10))
    assert (reading.since, reading.until) == (date(2026, 2, 1), TODAY)
    assert service.asked[0].headers["access-token"] == TOKEN
    assert service.asked[1].url.params["advertiser_id"] == ACCOUNT
