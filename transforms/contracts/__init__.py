"""One dataframely schema per table: grain, key, types, ranges, and what each column means.

Belongs here: promises about rows, and their wording for analysts.
Does not belong here: where a table is stored, how it is computed.
"""
