"""A small deployment that was scored and published, made once and put back before each test.

Belongs here: the deployment, and a backup of it.
Does not belong here: damages (``damages``), what is found.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import Settings
from layers_pipeline.steps.keep.backup import back_up
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    AS_OF,
    allow,
    capture,
    derive,
    hours,
    land_reading,
    make_stores,
    score,
)

OWN = NewAccount(platform="instagram", account_key="own", connection="oauth", project_id="brand")
KEY = Fernet.generate_key().decode()
"""What opens the token of that account; no backup has it."""


def begin(home: Path) -> Stores:
    """Six posts of a watched account, one of an own one, scored at a tick and published."""
    stores = make_stores(home, now=hours(0))
    allow(stores, "ada")
    token = NewToken(access=SecretStr("EAAB"), expires_at=datetime.now(UTC) + timedelta(days=50))
    stores.operations.tokens.connect(OWN, token, TokenCipher(SecretStr(KEY)), now=hours(-9))
    own = {"platform": "instagram", "account_key": "own", "source": "instagram_graph"}
    land_reading(stores, "reading-1", [capture("18", **own, views=10)], account="own")
    derive(stores, [capture(f"p{n}", views=100 * n) for n in range(1, 7)])
    score(stores, [AS_OF])
    publish(stores)
    return stores


@pytest.fixture(scope="session")
def kept(tmp_path_factory) -> tuple[Path, Path]:
    """Where the deployment lies, and a copy of it as it was made; beside it a folder of backups."""
    folder = tmp_path_factory.mktemp("kept")
    stores = begin(folder / "home")
    back_up(stores, folder / "backups")
    stores.operations.close()
    shutil.copytree(folder / "home", folder / "copy", symlinks=True)
    return folder / "home", folder / "copy"


@pytest.fixture
def home(kept) -> Path:
    """The deployment as it was made, at its own place: published views name whole paths."""
    home, copy = kept
    shutil.rmtree(home)
    shutil.copytree(copy, home, symlinks=True)
    return home


@pytest.fixture
def backups(kept, tmp_path) -> Path:
    """A copy of the folder of backups, which holds one."""
    return shutil.copytree(kept[0].parent / "backups", tmp_path / "backups")


@pytest.fixture
def stores(home) -> Iterator[Stores]:
    stores = make_stores(home, now=hours(1))
    yield stores
    stores.operations.close()


def settings_of(home: Path) -> Settings:
    return Settings(home=home, lake_url="", operations_url="", serve_dir=None)
