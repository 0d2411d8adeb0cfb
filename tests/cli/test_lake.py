"""``layers-pipeline lake migrate``: what was added, or that nothing had to be."""

import os
import re
import warnings
from importlib import import_module

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_lake

TABLE = catalog.CREATIVES


@pytest.fixture
def lake(tmp_path):
    return open_lake(Settings(home=tmp_path, operations_url="", lake_url="", serve_dir=None))


def said(home) -> str:
    with warnings.catch_warnings():  # typer imports what click takes back
        warnings.simplefilter("ignore", DeprecationWarning)
        runner = import_module("typer.testing").CliRunner()
        app = import_module("layers_pipeline.cli.app").app
    kept = {name: None for name in os.environ if name.startswith("LAYERS_")}
    result = runner.invoke(app, ["lake", "migrate"], env=kept | {"LAYERS_HOME": str(home)})
    assert result.exception is None, result.output
    return re.sub(r"\s+", " ", result.stdout)


def test_the_columns_that_were_added_are_named(lake, tmp_path):
    TABLE.empty().drop("prompt", "influencer").write_delta(lake.uri(TABLE))
    assert "creatives: added prompt, influencer." in said(tmp_path)
    assert lake.read(TABLE).collect().is_empty()


def test_a_lake_that_has_every_column_says_so(lake, tmp_path):
    lake.replace(TABLE, TABLE.empty(), where={})
    assert "nothing to add" in said(tmp_path)
