"""When Python looks for garbage: not while tests are collected.

Belongs here: that setting.
Does not belong here: what is closed by whom (the tests).

Collecting imports everything and makes a million objects that stay until the end. Python would look
through all of them several times meanwhile, and again now and then while tests run.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
