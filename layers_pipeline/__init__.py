"""The floor and the roof: errors, settings, stores and clients; Dagster and the command line.

Belongs here: everything that touches the outside, and what puts the parts together.
Does not belong here: meaning (``transforms``), names of assets (``assets``), timing (``sensors``).
"""
