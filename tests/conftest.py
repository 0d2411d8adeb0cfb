"""Fixtures for every test.

Belongs here: loading fixture modules.
Does not belong here: the fixtures themselves (one module per outside thing).
"""

pytest_plugins = [
    "tests.layers",
    "tests.cores",
    "tests.garbage",
    "tests.hypothesis_profiles",
    "tests.postgres",
    "tests.object_store",
]
