"""Publishing the lake to analysts.

Belongs here: pinning one consistent set of versions, upkeep that must respect it.
Does not belong here: how the file is built (``serving``).
"""
