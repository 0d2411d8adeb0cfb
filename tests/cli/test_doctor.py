"""``layers-pipeline doctor``: what it finds in deployments that are well, new, or in trouble.

Belongs here: the command within this process, over real stores.
Does not belong here: what a store's error says (its own tests).
"""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import open_stores
from tests.cli.program import Program

KEY = Fernet.generate_key().decode()
ADA = NewAccount(platform="instagram", account_key="ada", connection="oauth", project_id="brand")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory) -> Program:
    """A deployment with one account whose token lasts, derived and published."""
    made = Program(tmp_path_factory.mktemp("deployed") / "home", {"LAYERS_TOKEN_KEYS": KEY})
    connect(made, lasts=timedelta(days=50))
    return made


@pytest.fixture
def program(deployed, tmp_path) -> Program:
    """A copy of it, to be changed."""
    home = shutil.copytree(deployed.home, tmp_path / "home", symlinks=True)
    return Program(home, deployed.variables)


def connect(program: Program, *, lasts: timedelta) -> None:
    now = datetime.now(UTC)
    stores = open_stores(Settings(home=program.home))
    stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=now)
    token = NewToken(access=SecretStr("EAAB-key-nobody-may-see"), expires_at=now + lasts)
    stores.operations.tokens.connect(ADA, token, TokenCipher(SecretStr(KEY)), now=now)
    bring_up_to_date(stores)
    publish(stores)
    stores.operations.close()


def found(program: Program, subject: str, *, code: int = 0, **variables: str) -> list[dict]:
    said = program("doctor", "--format", "json", **variables)
    assert (said.code, said.err) == (code, ""), said
    return [row for row in json.loads(said.out) if row["what"] == subject]


def change(program: Program, sql: str) -> None:
    with sqlite3.connect(program.home / "operations.db") as database:
        database.execute(sql)
    database.close()


def test_all_is_well_with_what_is_well(program):
    rows = json.loads(program.said("doctor", "--format", "json"))
    states = {row["what"]: row["state"] for row in rows}
    assert set(states) >= {"settings", "operations", "tokens", "lake", "published", "versions"}
    assert set(states.values()) - {"well"} <= {"warning"}  # a disk may be full where this runs
    assert {name for name, state in states.items() if state != "well"} <= {"disk"}


def test_a_look_makes_nothing(tmp_path):
    program = Program(tmp_path / "home")
    (row,) = found(program, "operations")
    assert (row["state"], row["found"]) == ("warning", "not made yet")
    assert "make demo" in row["what_to_do"]
    assert not program.home.exists()


def test_a_token_that_no_key_opens_is_a_fault(program):
    (row,) = found(program, "tokens", code=1, LAYERS_TOKEN_KEYS=Fernet.generate_key().decode())
    assert (row["state"], row["found"]) == ("fault", "0 of 1 can be opened: instagram:ada")
    assert "LAYERS_TOKEN_KEYS" in row["what_to_do"]


def test_a_token_that_ends_is_named_with_its_command(tmp_path):
    program = Program(tmp_path / "home", {"LAYERS_TOKEN_KEYS": KEY})
    connect(program, lasts=timedelta(days=2))
    (_, row) = found(program, "tokens")
    assert row["state"] == "warning"
    assert row["what_to_do"] == "layers-pipeline account reauth instagram:ada"


def test_a_clock_that_went_back_is_a_fault(program):
    change(program, "update account_sync_states set last_started_at = '2999-01-01 00:00:00.000000'")
    (row,) = found(program, "clock", code=1)
    assert "a sync began 2999-01-01 00:00" in row["found"]


def test_a_sync_that_is_late_and_an_account_that_lost_its_login_are_told(program):
    change(
        program,
        "update account_sync_states set last_success_at = '2025-01-01 00:00:00.000000', "
        "last_outcome = 'reauth_required' where depth = 'quick'",
    )
    (row,) = found(program, "syncs")
    assert row["found"] == "quick: the last one that went well ended 2025-01-01 00:00"
    (row,) = found(program, "accounts")
    assert row["what_to_do"] == "layers-pipeline account reauth instagram:ada"


def test_a_database_of_another_package_is_told(program):
    change(program, "update alembic_version set version_num = '0001'")
    (row,) = found(program, "operations")
    assert row["state"] == "warning"
    assert "revision 0001" in row["found"]


def test_a_table_that_cannot_be_opened_is_a_fault_and_the_rest_is_looked_at(program):
    log = program.home / "lake" / catalog.PROJECTS.name / "_delta_log"
    for path in log.iterdir():
        path.write_text("no log", encoding="utf-8")
    (row,) = found(program, "lake", code=1)
    assert row["state"] == "fault"
    assert "projects" in row["found"]
    assert found(program, "published", code=1)
