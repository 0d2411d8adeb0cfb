"""The operational database: what people and syncs change.

Belongs here: projects, accounts, the allowlist, sync states, scrape jobs; start at ``store``.
Does not belong here: anything measured or derived (the lake).
"""
