"""Spark codes asked about at the sandbox: the right's period is the one that TikTok tells."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.operations.rights import RightOf, standing
from layers_pipeline.steps.ingest.spark_rights import read_spark_rights
from tests.steps.ingest.ads_world import (
    accounts_of,
    ads_sandbox,
    ads_stores,
    connect_ads,
    put_fault,
)
from tests.steps.ingest.fault_world import cipher


@pytest.fixture(scope="module")
def served():
    with ads_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def stores(served, tmp_path):
    served.world.faults.clear()
    opened = ads_stores(served, tmp_path / "home")
    yield opened
    opened.operations.close()


def codes(served):
    """Codes that hold for some days yet."""
    now = served.world.clock.now()
    found = served.world.ads.spark_codes(at=now)
    return [one for one in found if one.ends_at > now + timedelta(days=1)]


def grant(stores, code, *, post=None):
    now = stores.clock.now()
    right = RightOf(
        project_id="brand",
        kind="spark_code",
        subject="post",
        subject_id=f"tiktok:{post or code.item.item_id}",
    )
    codes, rights = stores.operations.spark_codes, stores.operations.rights
    codes.keep("brand", right.subject_id, SecretStr(code.code), cipher(), now=now)
    rights.grant(right, starts_at=now, ends_at=None, changed_by="ann", note="hers", now=now)
    return right


def stands(stores):
    (row,) = standing(stores.operations.rights.all())
    return row


def test_the_period_is_the_one_that_tiktok_tells_and_its_history_is_kept(stores, served):
    connect_ads(stores, served, accounts_of(served, "tiktok")[0])
    code = codes(served)[0]
    grant(stores, code)
    done = read_spark_rights(stores, retries=HASTY)
    assert (done.asked, done.changed, done.failed) == (1, 1, {})
    row = stands(stores)
    assert abs(row.starts_at - code.starts_at) < timedelta(seconds=1)
    assert abs(row.ends_at - code.ends_at) < timedelta(seconds=1)
    assert (row.source, row.changed_by, row.note) == ("tiktok", "tiktok", "hers")
    assert len(stores.operations.rights.all()) == 2
    assert read_spark_rights(stores, retries=HASTY).changed == 0


def test_a_code_that_tiktok_calls_expired_holds_no_more(stores, served):
    ref = accounts_of(served, "tiktok")[0]
    connect_ads(stores, served, ref)
    grant(stores, codes(served)[0])
    put_fault(served, ref, "spark_expired")
    assert read_spark_rights(stores, retries=HASTY).changed == 1
    assert (stands(stores).is_revoked, stands(stores).note) == (True, "TikTok says EXPIRED")
    assert read_spark_rights(stores, retries=HASTY).asked == 0


def test_a_code_of_another_post_changes_nothing_and_is_named(stores, served):
    connect_ads(stores, served, accounts_of(served, "tiktok")[0])
    code = codes(served)[0]
    grant(stores, code, post="7300000000000000001")
    done = read_spark_rights(stores, retries=HASTY)
    assert (done.changed, len(done.failed)) == (0, 1)
    assert f"tiktok:{code.item.item_id}" in next(iter(done.failed.values()))
    assert stands(stores).source == "person"


def test_a_failure_changes_nothing_and_shows_no_code(stores, served, caplog):
    ref = accounts_of(served, "tiktok")[0]
    connect_ads(stores, served, ref)
    code = codes(served)[0]
    grant(stores, code)
    put_fault(served, ref, "code_50000", times=99)
    done = read_spark_rights(stores, retries=HASTY)
    assert (done.asked, done.changed, len(done.failed)) == (1, 0, 1)
    assert code.code not in f"{done.failed}{caplog.text}"
    assert stands(stores).source == "person"


def test_without_an_ad_account_nobody_is_asked(stores, served):
    grant(stores, codes(served)[0])
    assert read_spark_rights(stores, retries=HASTY).asked == 0
