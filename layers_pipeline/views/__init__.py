"""What people look at: one room of queries for pages, CSV, exports and the command line.

Belongs here: one module per topic: its filter, its questions to the analysts' file, typed answers.
Does not belong here: drawing (``cli``, the dashboard), making the file (``serving``), SQL text
(``transforms.sql``).
"""
