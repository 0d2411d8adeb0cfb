"""What the simulated Marketing API tells of accounts, ads and creatives, and what it leaves out."""

import pytest

from sandbox.simulation.accounts import AccountRef
from tests.sandbox.graph.ads.caller import NOW, STATUSES, caller_of


@pytest.fixture
def meta():
    return caller_of()


def ids_of(rows):
    return {row["id"] for row in rows}


def test_the_agencys_token_lists_both_accounts_and_the_others_only_its_own(meta):
    both, own = (caller_of(number).every("me/adaccounts") for number in (0, 1))
    assert [len(both), len(own)] == [2, 1]
    assert own[0]["id"] == caller_of(1).act


def test_an_account_tells_zone_currency_and_what_it_spent_in_minor_units(meta):
    fields = "id,account_id,currency,timezone_name,timezone_offset_hours_utc,amount_spent"
    found = meta.read(meta.act, fields=fields)
    assert found["id"] == f"act_{found['account_id']}"
    assert (found["currency"], found["timezone_name"]) == ("USD", "Etc/GMT+8")
    assert found["timezone_offset_hours_utc"] == -8
    assert found["amount_spent"].isdecimal()


def test_a_token_of_one_account_does_not_open_the_other(meta):
    other = caller_of(1)
    assert other.error(meta.act)["code"] == 200
    assert other.error(meta.ads()[0].ad_id)["code"] == 200
    assert other.error("act_1")["code"] == 100


def test_an_organic_token_opens_no_ad_account(meta):
    brand = next(one for one in meta.world.dataset.holders if one.platform == "instagram")
    meta.token = meta.world.tokens.issue(brand).access
    assert meta.error(f"{meta.act}/ads")["code"] == 200
    assert meta.read("me/adaccounts") == {"data": []}


def test_archived_and_deleted_ads_are_left_out_and_deleted_ones_are_never_listed(meta):
    states = {ad.ad_id: ad.state(NOW) for ad in meta.ads()}
    assert {"archived", "deleted"} <= set(states.values())
    usual = ids_of(meta.every(f"{meta.act}/ads"))
    named = ids_of(meta.every(f"{meta.act}/ads", effective_status=STATUSES))
    assert usual == {one for one, state in states.items() if state not in ("archived", "deleted")}
    assert named == {one for one, state in states.items() if state != "deleted"}


def test_a_deleted_ad_is_told_by_its_id(meta):
    deleted = meta.ad_in("deleted")
    found = meta.read(deleted.ad_id, fields="effective_status,status,updated_time")
    assert (found["status"], found["effective_status"]) == ("DELETED", "DELETED")
    assert found["updated_time"].endswith("-0800")


@pytest.mark.parametrize("written", ['["PAUSED","ARCHIVED"]', "PAUSED,ARCHIVED"])
def test_lists_are_written_in_json_or_with_commas(meta, written):
    rows = meta.every(f"{meta.act}/ads", effective_status=written, fields='["effective_status"]')
    assert {row["effective_status"] for row in rows} == {"PAUSED", "ARCHIVED"}


def test_ads_are_found_by_ids_and_by_time_of_change(meta):
    wanted = [ad.ad_id for ad in meta.ads() if not ad.is_hidden(NOW)][:2]
    filters = [{"field": "ad.id", "operator": "IN", "value": wanted}]
    assert ids_of(meta.every(f"{meta.act}/ads", filtering=filters)) == set(wanted)
    since = NOW.replace(day=20)
    changed = meta.every(f"{meta.act}/ads", updated_since=int(since.timestamp()))
    assert ids_of(changed) == {
        ad.ad_id for ad in meta.ads() if ad.changed_at(NOW) >= since and not ad.is_hidden(NOW)
    }


def test_a_creative_tells_the_post_that_it_shows_or_its_own_video(meta):
    fields = "creative{effective_instagram_media_id,instagram_permalink_url,video_id,object_type}"
    rows = meta.every(f"{meta.act}/ads", fields=fields, effective_status=STATUSES)
    found = {row["id"]: row["creative"] for row in rows}
    for ad in (one for one in meta.ads() if one.ad_id in found):
        creative = found[ad.ad_id]
        assert creative.get("effective_instagram_media_id") == ad.shows_id
        assert ("video_id" in creative) == (ad.shows_id is None)
        assert creative.get("instagram_permalink_url") == (ad.post and ad.post.permalink)
    assert "POST_DELETED" in {one["object_type"] for one in found.values()}


def test_a_creative_alone_is_its_id(meta):
    row = meta.every(f"{meta.act}/ads", fields="creative")[0]
    assert set(row["creative"]) == {"id"}


def test_an_ad_tells_its_groups_as_well(meta):
    fields = "adset{name,effective_status},campaign{name,objective}"
    rows = meta.every(f"{meta.act}/ads", fields=fields)
    assert "PAUSED" in {row["adset"]["effective_status"] for row in rows}
    sets = ids_of(meta.every(f"{meta.act}/adsets"))
    assert {row["adset"]["id"] for row in rows} <= sets
    assert {row["campaign"]["id"] for row in rows} <= ids_of(meta.every(f"{meta.act}/campaigns"))


def test_the_page_size_is_25_and_cursors_that_are_none_are_refused(meta):
    assert meta.read(f"{meta.act}/insights", level="ad", time_increment="1")["data"][24:25]
    assert meta.error(f"{meta.act}/ads", after="nothing")["code"] == 100
    last = meta.read(f"{meta.act}/ads", limit="500")
    after = last["paging"]["cursors"]["after"]
    assert "next" not in last["paging"]
    assert meta.read(f"{meta.act}/ads", after=after) == {"data": []}


@pytest.mark.parametrize(
    "asked",
    [
        {"fields": "shoe_size"},
        {"filtering": "{}"},
        {"filtering": '[{"field":"x","operator":"IN","value":["1"]}]'},
        {"filtering": '[{"field":"id","operator":"LIKE","value":["1"]}]'},
        {"effective_status": '["RUNNING"]'},
        {"limit": "many"},
        {"date_format": "U"},
        {"ids": "1,2"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_with_code_100(meta, asked):
    assert meta.error(f"{meta.act}/ads", **asked)["code"] == 100


def test_unknown_parameters_are_ignored(meta):
    assert meta.every(f"{meta.act}/ads", summary="true", shoes="red") == meta.every(
        f"{meta.act}/ads"
    )


def test_a_version_that_has_ended_is_raised_with_a_warning_or_refused(meta):
    warning = "X-Ad-Api-Version-Warning"
    assert warning not in meta.reply(meta.act).headers
    meta.version = "v24.0"
    assert warning in meta.reply(meta.act).headers
    meta.fault("version_2635")
    assert meta.error(meta.act)["code"] == 2635
    meta.version = "v25.0"
    assert meta.read(meta.act)


def test_every_creators_leave_is_told_in_spellings_that_vary(meta):
    brand = next(one for one in meta.world.dataset.holders if one.platform == "instagram")
    path = f"{brand.account_key}/branded_content_ad_permissions"
    rows = meta.every(path)
    for row in rows:
        creator = AccountRef("instagram", row["creator_id"])
        assert row["permission_status"] == meta.world.ads.permission(brand, creator)
    assert len(rows) == 1
    assert meta.every(path, creator_username=rows[0]["creator_username"]) == rows
    assert meta.every(path, creator_username="nobody") == []
    meta.token = meta.world.tokens.issue(brand).access
    assert meta.every(path) == rows


def test_nothing_is_written(meta):
    ad = meta.ads()[0].ad_id
    assert meta.error(ad, method="POST", status="PAUSED")["code"] == 100
    assert meta.error(ad, method="DELETE")["code"] == 100
