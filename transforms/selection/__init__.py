"""Selection: which content is picked for which ad set at a tick, and what blocks all other.

Belongs here: gates, ranks, slots, and what follows for a content as a whole.
Does not belong here: eligibility (``scoring``), rights as such (``facts.rights``).
"""
