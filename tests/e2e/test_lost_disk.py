"""A lost disk: the page's own commands, in order, bring a deployment back.

Belongs here: the blocks of docs/operations.md that are marked ``lost``, as a shell runs them.
Does not belong here: what a backup holds, crashes (``tests.steps.keep``).
"""

import shutil
from datetime import UTC, datetime

import pytest

from layers_pipeline.steps.keep.verify import verify
from tests import pages
from tests.steps.keep.conftest import KEY, begin, settings_of
from tests.worlds.data_builders import everything, make_stores

MOST = 10
BACKUP, RESTORE = pages.blocks_of("docs/operations.md", "lost")


def commands(block: pages.Block) -> list[str]:
    return block.text.strip().splitlines()


@pytest.mark.quick
def test_a_lost_disk_takes_few_commands():
    assert 0 < len(commands(RESTORE)) <= MOST
    assert all(line.startswith("layers-pipeline ") for line in commands(RESTORE))


def test_the_commands_of_the_page_bring_everything_back(tmp_path):
    home = tmp_path / "home"
    stores = begin(home)
    before = everything(stores)
    stores.operations.close()
    env = pages.environment(home, LAYERS_TOKEN_KEYS=KEY)
    pages.run(BACKUP, within=tmp_path, env=env)
    shutil.rmtree(home)
    said = pages.run(RESTORE, within=tmp_path, env=env)
    assert "Restored " in said
    assert "1 of 1 can be opened" in said
    again = make_stores(home, now=datetime.now(UTC))
    after = everything(again)
    assert {name: after[name] for name in before if before[name] != after[name]} == {}
    again.operations.close()
    assert [one for one in verify(settings_of(home)) if one.state == "fault"] == []
