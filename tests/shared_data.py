"""Where the shared data lies that real captures are read from; it may be absent.

Belongs here: finding it, and the mark that skips a test without it.
Does not belong here: reading it.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("LAYERS_SHARED") or Path(__file__).parents[2] / "shared").resolve()
TIKTOK_CAPTURES = SHARED / "data/tiktok_vn_2025/captures_dev_w1w2.parquet"

needs_tiktok_captures = pytest.mark.skipif(
    not TIKTOK_CAPTURES.is_file(),
    reason=f"{TIKTOK_CAPTURES} is absent: set LAYERS_SHARED to the folder of shared data",
)
