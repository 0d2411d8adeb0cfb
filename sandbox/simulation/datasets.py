"""What the sandbox shows when nobody chose anything: creators, and accounts that hold tokens.

Belongs here: where the recorded captures may lie, and the choice.
Does not belong here: reading or inventing captures.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from sandbox.simulation.creators import generated_captures
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.holders import Plan, generated_truth
from sandbox.simulation.replayed import replayed_captures

RECORDED: Final = Path("data/tiktok_vn_2025/captures_dev_w1w2.parquet")
SHARED_VARIABLE: Final = "LAYERS_SHARED"
DEFAULT_PLAN: Final = Plan(instagram=3, tiktok=3)


def recorded_captures(shared: Path | None = None) -> Path:
    """Where the recorded captures would lie; they may be absent.

    Args:
        shared: Folder of shared data. Default: ``LAYERS_SHARED``, else ``../shared``.
    """
    return (shared or Path(os.environ.get(SHARED_VARIABLE) or "../shared")) / RECORDED


def default_dataset(shared: Path | None = None) -> Dataset:
    """The recorded captures where they are present, else generated ones."""
    recorded = recorded_captures(shared)
    return replayed_captures(recorded) if recorded.is_file() else generated_captures()


def default_truth(start: datetime) -> Dataset:
    """Three accounts of each platform that hold a token, posting from 30 days before a start on."""
    return generated_truth(0, start=start, plan=DEFAULT_PLAN)
