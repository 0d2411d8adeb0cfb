"""Opening the stores of a deployment: which of them go together."""

import pytest

from layers_pipeline.errors import SettingsError
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_lake, open_stores


@pytest.mark.parametrize("open_it", [open_lake, open_stores])
def test_a_lake_for_many_machines_demands_locks_for_many_machines(open_it, tmp_path):
    settings = Settings(home=tmp_path, lake_url="s3://user:secret@bucket/lake")
    with pytest.raises(SettingsError, match="LAYERS_OPERATIONS_URL") as refused:
        open_it(settings)
    assert "secret" not in str(refused.value)


def test_a_folder_written_as_a_url_is_on_this_machine(tmp_path):
    settings = Settings(home=tmp_path, lake_url=f"file://{tmp_path}/lake")
    assert open_lake(settings).uri
