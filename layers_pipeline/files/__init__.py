"""Files that people hand in: reading them, and naming what is wrong with a row.

Belongs here: formats, captures, reports of ads.
Does not belong here: storing what was read (``steps.ingest``).
"""
