"""What a sync called, counted for whoever watches the platforms' allowances.

Belongs here: adding a sync's calls to those made before.
Does not belong here: calling, waiting (``sources``), where the numbers are kept (``operations``).
"""

from collections.abc import Callable, Mapping

from layers_pipeline.operations.api_calls import CallsMade
from layers_pipeline.sources.rate_limits import Usage
from layers_pipeline.steps.stores import Stores


def _nothing(_source: str) -> Usage | None:
    return None


def count_calls(
    stores: Stores,
    calls: Mapping[str, int],
    *,
    told: Callable[[str], Usage | None] = _nothing,
) -> None:
    """Count the calls of each API, beside the most of its allowances that it said was used."""
    for api, made in sorted(calls.items()):
        usage = told(api)
        counted = CallsMade(
            api=api,
            calls=made,
            app_used_ratio=usage and usage.app_pct / 100,
            account_used_ratio=usage and usage.account_pct / 100,
        )
        stores.operations.api_calls.add(counted, now=stores.clock.now())
