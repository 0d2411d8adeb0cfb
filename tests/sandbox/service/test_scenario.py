"""Scenario files: what they may say, the world that they make, and events that happen once."""

import threading
import tomllib
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from layers_pipeline.errors import InputRefusedError
from sandbox import Fault, load_scenario, running_sandbox
from sandbox.graph.ads.faults import AD_FAULTS
from sandbox.graph.faults import GRAPH_FAULTS, plain_kind
from sandbox.service.scenario import SHIPPED, Scenario
from sandbox.sift.faults import SIFT_FAULT_KINDS
from sandbox.tiktok.ads.faults import TIKTOK_AD_FAULTS
from sandbox.tiktok.faults import TIKTOK_FAULTS

START = datetime(2025, 5, 14, tzinfo=UTC)
FORTNIGHT = load_scenario("fortnight")
ONE_DAY = load_scenario("one_day")


def scenario(**more) -> Scenario:
    plain = {
        "name": "tiny",
        "start": START,
        "lasts": "3d",
        "creators": 4,
        "accounts": {"instagram": 2, "tiktok": 2, "posts": 4, "stories": 2},
    }
    return Scenario.model_validate(plain | more)


def fault(at="1d", **more):
    return {"at": at, "platform": "tiktok", "account": 0, "kind": "code_50000"} | more


def on(days):
    return START + timedelta(days=days)


def test_every_kind_of_fault_happens_in_the_fortnight():
    kinds = {plain_kind(event.kind) for event in FORTNIGHT.faults if event.platform == "instagram"}
    assert set(GRAPH_FAULTS) <= kinds
    assert set(TIKTOK_FAULTS) <= {e.kind for e in FORTNIGHT.faults if e.platform == "tiktok"}
    assert {event.kind for event in FORTNIGHT.creator_faults} == SIFT_FAULT_KINDS
    assert {event.kind for event in FORTNIGHT.tokens} == {"expire", "expire_refresh", "revoke"}


def test_every_kind_of_fault_of_an_ad_account_happens_in_the_fortnight():
    kinds = {"meta_ads": set(AD_FAULTS), "tiktok_ads": set(TIKTOK_AD_FAULTS)}
    for platform, known in kinds.items():
        happening = [one for one in FORTNIGHT.ad_faults if one.platform == platform]
        assert {one.kind for one in happening} == known | {"clear"}
        assert {one.account for one in happening} == {0}


def test_a_fault_of_an_ad_account_may_be_about_one_ad():
    event = {"at": "1d", "platform": "meta_ads", "account": 1, "kind": "forbidden_ad", "ad": 0}
    end = {"at": "2d", "platform": "meta_ads", "account": 1, "kind": "revoke"}
    played = scenario(ad_faults=[event], ad_tokens=[end], ads={"ads": 5})
    world = played.world()
    account = world.ads.accounts[1].ref
    grant = world.tokens.issue(account)
    played.play(world, on(1))
    [fault] = world.faults.of(account)
    assert fault.subject == world.ads.every_ad(account)[0].ad_id
    played.play(world, on(2))
    assert world.tokens.grant(grant.access).state(on(2)) == "revoked"
    assert {len(world.ads.every_ad(one.ref)) for one in world.ads.accounts} <= {2, 3, 4, 5}


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "code_50000"},
        {"account": 2},
        {"ad": 99},
        {"at": "99d"},
        {"platform": "instagram"},
    ],
    ids=str,
)
def test_an_event_of_an_ad_account_that_cannot_be_is_refused(more):
    event = {"at": "1d", "platform": "meta_ads", "account": 0, "kind": "http_500"} | more
    with pytest.raises(ValueError, match=r"no fault|no such|after the end|platform"):
        scenario(ad_faults=[event])


def test_a_scenario_without_ads_has_none():
    world = scenario(ads={"accounts": 0}).world()
    assert world.ads.accounts == ()


@pytest.mark.parametrize("platform", ["instagram", "tiktok"])
def test_in_the_fortnight_fifteen_accounts_of_each_platform_notice_nothing(platform):
    assert len(FORTNIGHT.spared(platform)) >= 15


def test_the_fortnight_is_as_large_as_promised():
    world = FORTNIGHT.world()
    platforms = [account.platform for account in world.dataset.holders]
    assert (platforms.count("instagram"), platforms.count("tiktok")) == (25, 25)
    assert len(world.dataset.creators) == 50
    assert FORTNIGHT.ends_at == START + timedelta(days=14)


def test_one_day_is_small_and_spares_half_of_its_accounts():
    world = ONE_DAY.world()
    assert (len(world.dataset.holders), len(world.dataset.creators)) == (12, 6)
    assert {len(ONE_DAY.spared(platform)) for platform in ("instagram", "tiktok")} == {3}
    assert ONE_DAY.ends_at == START + timedelta(hours=7)


@pytest.mark.parametrize("shipped", [FORTNIGHT, ONE_DAY], ids=lambda s: s.name)
def test_a_shipped_scenario_can_be_played_to_its_end(shipped):
    world = shipped.world()
    happened = shipped.play(world, shipped.ends_at)
    assert happened >= len(shipped.faults) + len(shipped.tokens) + len(shipped.creator_faults)
    assert shipped.play(world, shipped.ends_at) == 0


def test_an_event_happens_once_when_its_time_has_come():
    played = scenario(faults=[fault("2d"), fault("1d03:30")])
    world = played.world()
    moments = [on(1), on(1) + timedelta(hours=3, minutes=30), on(1.9), on(3), on(1), on(3)]
    assert [played.play(world, until) for until in moments] == [0, 1, 0, 1, 0, 0]


def test_each_world_has_its_own_events():
    played = scenario(faults=[fault()])
    one, other = played.world(), played.world()
    played.play(one, on(3))
    assert len(one.faults.of(one.dataset.holders[-2])) == 1
    assert played.play(other, on(3)) == 1


def test_many_threads_play_each_event_once():
    played = scenario(faults=[fault() for _ in range(50)])
    world = played.world()
    threads = [threading.Thread(target=played.play, args=(world, on(2))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.faults.of(world.dataset.holders[-2])) == 50


def test_over_http_events_happen_by_themselves():
    played = scenario(faults=[fault(kind="http_500")])
    with running_sandbox(scenario=played) as sandbox:
        account = sandbox.world.dataset.holders[-2]
        sandbox.world.clock.set(on(1))
        answer = httpx.get(
            f"{sandbox.url}/open_api/v1.3/business/get/",
            params={"business_id": account.account_key},
            headers={"Access-Token": sandbox.issue(account).access},
            trust_env=False,
        )
    assert answer.status_code == 500


def test_a_fault_carries_what_the_file_says_and_the_id_of_its_item():
    event = fault(platform="instagram", kind="few_viewers", story=1, times=2, wait_min=7)
    played = scenario(faults=[event])
    world = played.world()
    played.play(world, on(1))
    account = world.dataset.holders[0]
    (switched_on,) = world.faults.of(account)
    stories = [item for item in world.dataset.every_item(account) if item.media_type == "story"]
    assert switched_on == Fault(kind="few_viewers", times=2, subject=stories[0].item_id, wait_min=7)


def test_clear_switches_an_accounts_faults_off():
    played = scenario(faults=[fault(), fault(kind="slow"), fault("2d", kind="clear")])
    world = played.world()
    played.play(world, on(2))
    assert world.faults.of(world.dataset.holders[-2]) == ()


@pytest.mark.parametrize(
    ("event", "states"),
    [
        ({"kind": "expire"}, ["expired", "expired"]),
        ({"kind": "expire", "life": "02:00"}, ["valid", "expired"]),
        ({"kind": "revoke"}, ["revoked", "revoked"]),
        ({"kind": "expire_refresh"}, ["valid", "valid"]),
    ],
    ids=str,
)
def test_tokens_end_as_the_file_says(event, states):
    played = scenario(tokens=[{"at": "06:00", "platform": "tiktok", "account": 1} | event])
    world = played.world()
    account = world.dataset.holders[-1]
    world.tokens.issue(account)
    at_six = START + timedelta(hours=6)
    world.clock.set(at_six)
    played.play(world, at_six)
    newest = world.tokens.newest(account)
    assert [newest.state(at_six), newest.state(at_six + timedelta(hours=2))] == states


def test_a_creators_fault_ends_after_its_time():
    event = {"at": "1d", "creator": 2, "kind": "private", "lasts": "1d"}
    played = scenario(creator_faults=[event])
    world = played.world()
    account = world.dataset.creators[2]
    played.play(world, on(1))
    private = world.faults.take(account, {"private"})
    played.play(world, on(2))
    assert private is not None
    assert world.faults.take(account, {"private"}) is None


def test_an_odd_post_can_never_be_read():
    odd = scenario(odd_posts=[{"account": 1, "post": 0, "kind": "before_conversion"}])
    account = odd.dataset.holders[1]
    posts = [item for item in odd.dataset.every_item(account) if item.media_type != "story"]
    assert [item.oddity for item in posts] == [None] * 3 + ["before_conversion"]
    assert odd.dataset.followers(account, at=START) == scenario().dataset.followers(
        account, at=START
    )
    assert odd.spared("instagram") == [odd.dataset.holders[0]]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"faults": [fault(kind="code_1")]}, "code_1: no fault of tiktok"),
        ({"faults": [fault(platform="instagram")]}, "code_50000: no fault of instagram"),
        ({"faults": [fault(account=2)]}, "no such account"),
        ({"faults": [fault(post=4)]}, "no such account, post or story"),
        ({"faults": [fault(story=0)]}, "no such account, post or story"),
        ({"faults": [fault("3d00:01")]}, "after the end"),
        ({"faults": [fault("1 day")]}, "such as 2d03:00"),
        ({"faults": [fault(mood="bad")]}, "Extra inputs"),
        (
            {"tokens": [{"at": "1d", "platform": "tiktok", "account": 9, "kind": "expire"}]},
            "no such account",
        ),
        ({"creator_faults": [{"at": "1d", "creator": 4, "kind": "private"}]}, "no creator 4"),
        ({"odd_posts": [{"account": 0, "post": 9, "kind": "few_viewers"}]}, "no such account"),
        ({"start": datetime(2025, 5, 14)}, "timezone"),  # noqa: DTZ001 - what is refused
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_names_what_there_is_not_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        scenario(**wrong)


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes((SHIPPED / "one_day.toml").read_bytes())
    assert load_scenario(path) == ONE_DAY


def test_a_file_that_is_not_there_is_refused_with_what_there_is():
    with pytest.raises(InputRefusedError, match="fortnight, one_day"):
        load_scenario("two_days")


@pytest.mark.parametrize("text", ["name = ", 'name = "x"', "\0"])
def test_a_file_that_is_no_scenario_is_refused(tmp_path, text):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(InputRefusedError, match="Correct the file"):
        load_scenario(path)


def test_a_scenario_makes_the_same_world_each_time():
    text = (SHIPPED / "one_day.toml").read_text()
    again = Scenario.model_validate(tomllib.loads(text))
    one, other = (made.world() for made in (ONE_DAY, again))
    assert one.dataset.holders == other.dataset.holders
    assert one.dataset.creators == other.dataset.creators
