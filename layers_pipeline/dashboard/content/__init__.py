"""Parts of the content pages: filters, grid, panel, override.

Belongs here: one module per part.
Does not belong here: putting them together (``pages.content``), questions (``views``).
"""
