"""Deployments on servers: the same rows as in a folder, for few requests to an object store.

Belongs here: what an object store or PostgreSQL changes, or must not change, from landing to the
analysts' file.
Does not belong here: processes that are killed or write at once (``tests.stress``).
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import datafusion
import duckdb
import polars as pl
import pytest
from datafusion.object_store import AmazonS3
from polars.testing import assert_frame_equal

from layers_pipeline.errors import SettingsError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.serving import generations, query, remote
from layers_pipeline.settings import Settings
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores, open_lake
from tests.object_store import S3Server
from tests.postgres import PostgresUrlFactory
from tests.stress.killing import IS_LONG
from tests.worlds.data_builders import later, make_stores, rows_of
from tests.worlds.small_story import play, postgres_stores, remote_stores

TICKS = 12 if IS_LONG else 2
MOST_REQUESTS = 2_500
"""For one tick, with landing before it and publication after it."""
MOST_TIMES = 3
"""As much as in a folder may a story take."""
FILLED = (
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
    catalog.ADS_CONTENT,
)
HISTORY = ("organic_scores", "ad_eligibility", "platform_post_metrics", "platform_post_checks")


@dataclass
class Played:
    """Stores on which the story was played, and what each step took."""

    stores: Stores
    requests: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0

    @property
    def file(self) -> Path:
        return generations.current(self.stores.settings.serve_location)


def played(stores: Stores, server: S3Server | None = None) -> Played:
    """Play the story, and keep the time and the server's count of each step."""
    found = Played(stores)
    bucket = stores.settings.lake_url.removeprefix("s3://").partition("/")[0]
    counted, since, used = Counter[str](), time.perf_counter(), time.process_time()

    def heard(step: str) -> None:
        nonlocal counted, since
        now = server.requests(bucket) if server else Counter[str]()
        found.requests[step], counted = now - counted, now
        found.seconds[step] = time.perf_counter() - since
        since = time.perf_counter()

    found.stores = play(stores, ticks=TICKS, heard=heard)
    found.cpu_s = time.process_time() - used
    return found


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    found = played(make_stores(tmp_path_factory.mktemp("local")))
    yield found
    found.stores.operations.close()


@pytest.fixture(scope="module")
def on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_url_factory: PostgresUrlFactory
) -> Iterator[Played]:
    home = tmp_path_factory.mktemp("postgres")
    found = played(postgres_stores(home, operations_url=postgres_url_factory()))
    yield found
    found.stores.operations.close()


@pytest.fixture(scope="module")
def remote_one(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: S3Server,
    postgres_url_factory: PostgresUrlFactory,
) -> Iterator[Played]:
    home = tmp_path_factory.mktemp("remote")
    stores = remote_stores(home, s3_server, operations_url=postgres_url_factory(), history_days=7)
    found = played(stores, s3_server)
    yield found
    found.stores.operations.close()


@pytest.mark.parametrize("where", ["on_postgres", "remote_one"])
def test_every_table_has_the_rows_that_it_has_in_a_folder(request, local: Played, where: str):
    there = request.getfixturevalue(where).stores
    for table in catalog.TABLES:
        assert_frame_equal(rows_of(there, table), rows_of(local.stores, table))
    assert all(local.stores.lake.row_count(table) for table in FILLED)


def test_a_tick_costs_a_bounded_number_of_requests(local: Played, remote_one: Played):
    for step, counted in remote_one.requests.items():
        seconds, here = remote_one.seconds[step], local.seconds[step]
        sys.stdout.write(
            f"\n{step}: {counted.total()} requests {dict(counted)}, {seconds:.1f} s "
            f"beside {here:.1f} s in a folder"
        )
    ticks = [counted.total() for step, counted in remote_one.requests.items() if "tick" in step]
    assert len(ticks) == TICKS
    assert max(ticks) <= MOST_REQUESTS


@pytest.mark.parametrize("where", ["on_postgres", "remote_one"])
def test_a_story_takes_at_most_three_times_that_of_a_folder(request, local: Played, where: str):
    """By seconds of this process: those on the clock are others', too."""
    there = request.getfixturevalue(where)
    took, here = sum(there.seconds.values()), sum(local.seconds.values())
    sys.stdout.write(
        f"\n{where}: {took:.1f} s beside {here:.1f} s in a folder ({took / here:.2f} times), "
        f"{there.cpu_s:.1f} s beside {local.cpu_s:.1f} s of processors"
    )
    assert there.cpu_s <= MOST_TIMES * local.cpu_s


def asked_of(path: Path, sql: str) -> pl.DataFrame:
    with duckdb.connect(config=generations.CONFIG) as connection:
        connection.execute(f"attach '{path}' as published (read_only)")
        return connection.sql(sql).pl()


def test_the_published_file_of_the_newest_days_needs_no_store(local: Played, remote_one: Played):
    assert remote.can_reach(options_of(remote_one.stores.settings))
    asked = "select count(*) from duckdb_views() where contains(sql, 's3://')"
    assert asked_of(remote_one.file, asked).item() == 0
    for name in (table.name for table in catalog.PUBLISHED):
        rows = [
            asked_of(one.file, f"from published.{name} order by all") for one in (local, remote_one)
        ]
        assert_frame_equal(*rows)


@pytest.fixture
def republished(remote_one: Played):
    """Publishes the same lake under other settings."""

    def publish_again(settings: Settings) -> Path:
        stores = Stores(
            settings=settings,
            clock=remote_one.stores.clock,
            operations=remote_one.stores.operations,
            lake=remote_one.stores.lake,
        )
        publish(later(stores, remote_one.stores.clock.now()))
        return generations.current(settings.serve_location)

    return publish_again


def changed(played: Played, **changes) -> Settings:
    return Settings(**played.stores.settings.model_dump() | changes)


def test_only_the_newest_days_of_history_are_copied(remote_one: Played, republished, tmp_path):
    newest = {"history_in_file": "newest", "history_days": 1, "serve_dir": tmp_path}
    path = republished(changed(remote_one, **newest))
    since = remote_one.stores.clock.now().isoformat()
    for name, moment in (("organic_scores", "scored_at"), ("platform_post_metrics", "captured_at")):
        cut = f"{moment} >= '{since}'::timestamptz - interval 1 day"
        all_rows = asked_of(remote_one.file, f"select count(*) from published.{name}").item()
        wanted = asked_of(remote_one.file, f"from published.{name} where {cut} order by all")
        assert 0 < wanted.height < all_rows
        assert_frame_equal(asked_of(path, f"from published.{name} order by all"), wanted)
    counted = "select * from published.{} order by all"
    for mart in ("post_metric_trends", "ugc_overview", "content_detail"):
        assert_frame_equal(
            asked_of(path, counted.format(mart)), asked_of(remote_one.file, counted.format(mart))
        )


def test_views_over_the_store_give_the_same_rows_to_a_question(
    remote_one: Played, republished, tmp_path
):
    settings = changed(remote_one, history_in_file="views", serve_dir=tmp_path)
    path = republished(settings)
    assert path.stat().st_size < remote_one.file.stat().st_size
    for name in HISTORY:
        wanted = asked_of(remote_one.file, f"from published.{name} order by all")
        columns, rows = query.asked(settings, f"from {name} order by all")
        assert (columns, rows) == (wanted.columns, wanted.rows())


def test_without_the_extension_everything_is_copied(
    remote_one: Played, republished, tmp_path, monkeypatch
):
    monkeypatch.setattr(remote, "PACKAGE", "no_such_package")
    path = republished(changed(remote_one, history_in_file="views", serve_dir=tmp_path))
    for name in HISTORY:
        rows = f"from published.{name} order by all"
        assert_frame_equal(asked_of(path, rows), asked_of(remote_one.file, rows))


@pytest.mark.parametrize("table", FILLED, ids=lambda table: table.name)
@pytest.mark.parametrize("where", ["local", "remote_one"])
def test_three_engines_count_the_same_rows(request, where: str, table: catalog.Table):
    stores = request.getfixturevalue(where).stores
    options, uri = options_of(stores.settings), stores.lake.uri(table)
    files = stores.lake.files(table)
    by_polars = pl.scan_delta(uri, storage_options=options).select(pl.len()).collect().item()
    with duckdb.connect() as connection:
        if options:
            remote.reach(connection, options)
        listed = connection.execute("select count(*) from read_parquet(?)", [files])
        by_duckdb = listed.fetchall()[0][0]
    context = in_datafusion(stores.settings)
    by_datafusion = sum(context.read_parquet(file).count() for file in files)
    assert by_polars == by_duckdb == by_datafusion == stores.lake.row_count(table) > 0


def in_datafusion(settings: Settings) -> datafusion.SessionContext:
    """DataFusion by itself, with the lake's bucket where it has one."""
    context = datafusion.SessionContext()
    options = options_of(settings)
    if options:
        bucket = settings.lake_url.removeprefix("s3://").partition("/")[0]
        store = AmazonS3(
            bucket,
            region=options["AWS_REGION"],
            access_key_id=options["AWS_ACCESS_KEY_ID"],
            secret_access_key=options["AWS_SECRET_ACCESS_KEY"],
            endpoint=options["AWS_ENDPOINT_URL"],
            allow_http=True,
        )
        context.register_object_store("s3://", store, host=bucket)
    return context


class TestSecrets:
    """What goes wrong is told without the key."""

    SECRET = "seeded-secret-nobody-may-see"

    @pytest.fixture(
        params=[
            {"s3_secret_access_key": SECRET},
            {"s3_access_key_id": "nobody", "s3_secret_access_key": SECRET},
            {"lake_url": "s3://no-such-bucket/lake", "s3_secret_access_key": SECRET},
            {"s3_endpoint": "http://127.0.0.1:9", "s3_secret_access_key": SECRET},
        ],
        ids=["wrong key", "unknown key", "no bucket", "no server"],
    )
    def settings(self, request, remote_one: Played) -> Settings:
        return changed(remote_one, **request.param)

    def test_a_store_that_refuses_is_named_and_the_key_is_not(self, settings, caplog, capfd):
        lake = open_lake(settings)
        with pytest.raises(StoreError) as refused:
            lake.handle(catalog.PLATFORM_POSTS)
        said = str(refused.value) + repr(refused.value.__cause__) + caplog.text
        assert settings.lake_url in said
        assert self.SECRET not in said + "".join(capfd.readouterr()) + repr(settings)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"lake_url": f"s3://me:{SECRET}@bucket/lake"},
            {"s3_endpoint": f"http://me:{SECRET}@127.0.0.1:9000"},
            {"s3_endpoint": "127.0.0.1:9000"},
        ],
        ids=["key in the lake's address", "key in the endpoint", "no scheme"],
    )
    def test_an_address_with_a_key_is_refused_by_name(self, wrong: dict, remote_one: Played):
        settings = changed(remote_one, **wrong)
        with pytest.raises(SettingsError, match=f"LAYERS_{next(iter(wrong)).upper()}") as refused:
            open_lake(settings)
        assert self.SECRET not in str(refused.value)

    def test_the_published_file_holds_no_key(self, s3_server: S3Server, remote_one: Played):
        for path in remote_one.stores.settings.root.rglob("*"):
            if path.is_file():
                assert s3_server.key.encode() not in path.read_bytes(), path
