"""The lake: Delta tables for everything measured and derived.

Belongs here: tables and where they lie, reading, committing, locks.
Does not belong here: columns and rules (``transforms.contracts``), what is written when
(``steps``).
"""
