"""Measurements: what a figure in ``docs/performance.md`` was measured with.

Belongs here: programs that make their own data, measure, and print a table.
Does not belong here: tests, and anything that the pipeline imports.
"""
