"""Backups: one moment of all stores, only what is new, and back into an empty place.

Belongs here: making, interrupting, repeating, deleting and restoring backups.
Does not belong here: damages (``test_verify``), the commands of a lost disk (``tests.cli``).
"""

import multiprocessing
import os
import shutil
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from layers_pipeline.errors import (
    InputRefusedError,
    LockTimeoutError,
    NotFoundError,
    SettingsError,
    StoreError,
)
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.progress import reporting
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.keep.backup import back_up
from layers_pipeline.steps.keep.restore import restore
from layers_pipeline.steps.keep.vault import Vault
from layers_pipeline.steps.keep.verify import verify, verify_backups
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores, open_stores
from tests.steps.keep.conftest import settings_of
from tests.steps.keep.test_verify import faults
from tests.worlds.data_builders import (
    AS_OF,
    capture,
    derive,
    everything,
    hours,
    land,
    later,
    make_stores,
    score,
)

PROCESSES = multiprocessing.get_context("spawn")
MORE = [capture(f"p{n}", at=0.5, views=500 * n) for n in range(1, 7)]


def restored(folder: Path, home: Path, **chosen: str) -> Settings:
    settings = settings_of(home)
    restore(settings, folder, runs=home / "dagster", **chosen)
    return settings


def versions(stores: Stores) -> dict[str, int]:
    return {table.name: stores.lake.version(table) for table in catalog.TABLES}


def test_what_is_restored_is_what_was_backed_up(stores, backups, tmp_path):
    restored(backups, tmp_path / "again")
    again = make_stores(tmp_path / "again", now=hours(1))
    assert versions(again) == versions(stores)
    assert everything(again) == everything(stores)
    assert [one.account_id for one in again.operations.accounts.all()] == [
        one.account_id for one in stores.operations.accounts.all()
    ]
    assert faults(verify(again.settings, deep=True)) == []
    again.operations.close()


def test_a_restored_deployment_goes_on_as_one_that_was_never_lost(stores, backups, tmp_path):
    restored(backups, tmp_path / "again")
    again = make_stores(tmp_path / "again", now=hours(1))
    for one in (stores, again):
        derive(one, MORE, job="more")
        score(later(one, hours(5)), [AS_OF + timedelta(hours=4)])
        publish(later(one, hours(5)))
    assert versions(again) == versions(stores)
    assert everything(again) == everything(stores)
    assert faults(verify(again.settings)) == []
    again.operations.close()


def test_what_landed_before_lands_no_second_time(backups, tmp_path):
    restored(backups, tmp_path / "again")
    again = make_stores(tmp_path / "again", now=hours(0))
    before = versions(again), everything(again)
    land(again, [capture(f"p{n}", views=100 * n) for n in range(1, 7)], job="job")
    bring_up_to_date(again)
    score(again, [AS_OF])
    assert everything(again) == before[1]
    again.operations.close()


def test_a_second_backup_copies_only_what_is_new(stores, backups):
    same = back_up(stores, backups).copied
    assert (same.new_files, same.new_bytes) == (0, 0)
    land(stores, MORE, job="more")
    more = back_up(later(stores, hours(2)), backups)
    new = {one.path for one in more.manifest.files} - {
        one.path for one in Vault(backups).manifest(Vault(backups).ids()[0]).files
    }
    # A data file and a commit; the database has not changed.
    assert more.copied.new_files == len(new) == 2
    assert {path.partition("/")[0] for path in new} == {"raw_sift__posts"}


def test_an_earlier_backup_can_be_chosen(stores, backups, tmp_path):
    first = Vault(backups).ids()[0]
    before = versions(stores)
    derive(stores, MORE, job="more")
    back_up(later(stores, hours(2)), backups)
    for name, chosen in (("newest", ""), ("first", first)):
        restored(backups, tmp_path / name, name=chosen)
    assert versions(make_stores(tmp_path / "first")) == before
    assert versions(make_stores(tmp_path / "newest")) == versions(stores)


def test_what_only_a_deleted_backup_named_goes_with_it(stores, backups, tmp_path):
    derive(stores, MORE, job="more")
    stores.lake.compact(catalog.PLATFORM_POST_METRICS)
    back_up(later(stores, hours(2)), backups)
    vault = Vault(backups)
    before = {path.name for path in vault.contents()}
    gone, files, size = vault.prune(1)
    (kept,) = vault.ids()
    named = {one.sha256 for one in vault.manifest(kept).files}
    assert {path.name for path in vault.contents()} == named
    assert (gone, files) == (["20250514T120000Z"], len(before - named))
    assert size > 0
    assert faults(verify_backups(backups, deep=True)) == []
    restored(backups, tmp_path / "again")
    assert versions(make_stores(tmp_path / "again")) == versions(stores)


def test_backups_are_not_deleted_while_a_manifest_cannot_be_read(stores, backups):
    back_up(later(stores, hours(2)), backups)
    newest = backups / "backups" / f"{Vault(backups).ids()[-1]}.json"
    newest.write_bytes(newest.read_bytes()[:-1])
    before = list(backups.rglob("*"))
    with pytest.raises(StoreError, match="not what its checksum says"):
        Vault(backups).prune(1)
    assert list(backups.rglob("*")) == before


def test_a_backup_beside_writers_is_of_one_moment(stores, backups, tmp_path):
    """Somebody lands and derives all the while; what comes back is whole."""
    writer = PROCESSES.Process(target=write_for_long, args=(stores.settings.root,))
    writer.start()
    try:
        before = stores.lake.version(catalog.RAW_SIFT__POSTS)
        while stores.lake.version(catalog.RAW_SIFT__POSTS) == before:
            time.sleep(0.01)
        names = [back_up(later(stores, hours(2 + n)), backups).manifest.id for n in range(2)]
    finally:
        kill(writer)
    for name in names:
        settings = restored(backups, tmp_path / name, name=name)
        assert faults(verify(settings)) == []
    made = [Vault(backups).manifest(name).tables["raw_sift__posts"].rows for name in names]
    assert made == sorted(made)
    assert made[0] > 6


def write_for_long(home: Path) -> None:
    stores = make_stores(home, now=hours(1))
    for turn in range(1000):
        at = later(stores, hours(1 + turn / 3600))
        derive(at, [capture("p1", at=1 + turn / 3600, views=1000 + turn)], job=f"turn-{turn}")


def kill(process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_a_killed_backup_is_none_and_the_next_one_goes_on_from_it(stores, tmp_path):
    folder = tmp_path / "killed"
    process = PROCESSES.Process(target=back_up_slowly, args=(stores.settings.root, folder))
    process.start()
    while not len(list(folder.glob("objects/*/*"))) > 5:
        time.sleep(0.005)
    kill(process)
    vault = Vault(folder)
    with pytest.raises(NotFoundError, match="begun and not finished"):
        vault.require_any()
    copied = {path.name for path in vault.contents()}
    again = back_up(stores, folder).copied
    assert again.files - again.new_files >= len(copied) - 1
    assert faults(verify_backups(folder, deep=True)) == []
    assert vault.incomplete() == []


def back_up_slowly(home: Path, folder: Path) -> None:
    with reporting(lambda *_: time.sleep(0.05)):
        back_up(make_stores(home, now=hours(1)), folder)


def test_a_killed_restore_shuts_the_stores_and_goes_on(backups, tmp_path):
    home = tmp_path / "again"
    process = PROCESSES.Process(target=restore_slowly, args=(backups, home))
    process.start()
    while not list(home.glob("lake/*/*.parquet")):
        time.sleep(0.005)
    kill(process)
    with pytest.raises(StoreError, match="a restore was interrupted"):
        open_stores(settings_of(home))
    assert restore(settings_of(home), backups, runs=home / "dagster").found > 0
    assert faults(verify(settings_of(home))) == []
    assert not list(home.rglob("*.restoring"))


def restore_slowly(folder: Path, home: Path) -> None:
    with reporting(lambda *_: time.sleep(0.05)):
        restored(folder, home)


def test_places_that_are_not_empty_are_refused(home, backups, tmp_path):
    for place in ("operations.db", "lake", "serve"):
        other = tmp_path / place.replace(".", "-")
        other.mkdir()
        copy = shutil.copytree if (home / place).is_dir() else shutil.copyfile
        copy(home / place, other / place)
        with pytest.raises(InputRefusedError, match=r"is not empty\. Restore into an empty place"):
            restored(backups, other)


def test_a_backup_is_not_made_within_the_home(stores):
    with pytest.raises(InputRefusedError, match="would be lost with it"):
        back_up(stores, stores.settings.root / "backups")


def test_a_setting_that_data_depends_on_is_asked_for(backups, tmp_path):
    other = settings_of(tmp_path / "again").model_copy(update={"tick_cron": "0 */6 * * *"})
    with pytest.raises(SettingsError, match=r"Set LAYERS_TICK_CRON='0 \*/4 \* \* \*'"):
        restore(other, backups, runs=tmp_path / "dagster")
    assert not (tmp_path / "again").exists()


def test_a_damaged_content_is_not_restored(backups, tmp_path):
    made = Vault(backups).manifest()
    path = Vault(backups).object(made.of("lake")[-1].sha256)
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(StoreError, match="The backup is damaged"):
        restored(backups, tmp_path / "again")


def test_a_store_that_is_damaged_is_not_backed_up(stores, backups):
    stores.lake.handle(catalog.PLATFORM_POST_METRICS)
    next((stores.settings.root / "lake/platform_post_metrics").rglob("*.parquet")).unlink()
    with pytest.raises(StoreError, match="is gone: the store is damaged"):
        back_up(later(stores, hours(3)), backups)
    assert Vault(backups).ids() == ["20250514T120000Z"]


def test_one_process_at_a_time_writes_to_a_folder(stores, backups):
    held = Vault(backups).held()
    with held, pytest.raises(LockTimeoutError, match="another process makes or deletes backups"):
        back_up(stores, backups)


def test_an_older_copy_may_be_restored_over_what_was_seen_since(stores, backups):
    """The lake and the database are lost, the home's notes are not."""
    derive(stores, MORE, job="more")
    seen = stores.lake.version(catalog.RAW_SIFT__POSTS)
    stores.operations.close()
    home = stores.settings.root
    shutil.rmtree(home / "lake")
    shutil.rmtree(home / "serve")
    for path in home.glob("operations.db*"):
        path.unlink()
    restored(backups, home)
    again = make_stores(home, now=hours(2))
    assert again.lake.version(catalog.RAW_SIFT__POSTS) < seen
    again.operations.close()


def test_a_database_in_postgresql_goes_there_and_back(stores, tmp_path, postgres_url_factory):
    """What lies in SQLite may be restored into PostgreSQL, and back, to the same rows."""
    first, second = tmp_path / "first", tmp_path / "second"
    made = back_up(stores, first).manifest
    url = postgres_url_factory()
    moved = settings_of(tmp_path / "moved").model_copy(update={"operations_url": url})
    restore(moved, first, runs=tmp_path / "dagster")
    there = open_stores(moved, clock=later(stores, hours(3)).clock)
    assert faults(verify(moved)) == []
    again = back_up(there, second).manifest
    assert again.rows == made.rows
    # Numbers go on behind those that were copied.
    bob = NewAccount(platform="tiktok", account_key="bob", connection="external", status="paused")
    there.operations.accounts.add([bob], now=hours(3))
    creator = NewCreator(creator_id="bob", display_name="", account_ids=("tiktok:bob",))
    there.operations.allowlist.allow("brand", [creator], allowed_from=hours(3))
    there.operations.close()
    restored(second, tmp_path / "back")
    back = make_stores(tmp_path / "back", now=hours(3))
    assert everything(back) == everything(stores)
    assert back.operations.accounts.all()[0].account_id == "instagram:own"
    back.operations.close()
