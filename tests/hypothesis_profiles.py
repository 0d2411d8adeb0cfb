"""How hard the laws are tried: a profile says how many examples there are, a law its share.

Belongs here: the profiles, and a law's share of their examples.
Does not belong here: laws.

``quick`` while one works, ``ci`` with everything, ``deep`` when a law is in doubt; chosen by
``--hypothesis-profile`` or ``LAYERS_HYPOTHESIS``, ``ci`` by default.
"""

import os
from typing import Any, Final

from hypothesis import settings

EXAMPLES: Final = {"quick": 8, "ci": 5, "deep": 100}
"""Examples of a law that is as dear as most: some milliseconds each."""

for _name, _examples in EXAMPLES.items():
    # No deadline: a machine under load is no counterexample.
    settings.register_profile(_name, max_examples=_examples, deadline=None)
settings.load_profile(os.environ.get("LAYERS_HYPOTHESIS", "ci"))


def examples(factor: float = 1, **more: Any) -> settings:
    """Settings of a law that is tried so many times as often as most, at least twice.

    Args:
        factor: More than 1 for a law of arithmetic, less for one that fills a lake each time.
        more: Other settings of Hypothesis.
    """
    # Read where the law is defined: by then pytest has loaded the profile that was asked for.
    return settings(max_examples=max(2, round(factor * settings.default.max_examples)), **more)
