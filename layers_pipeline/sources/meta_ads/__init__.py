"""Meta's Marketing API: ads, their days and totals, read only.

Belongs here: talking to the API, its errors, its reports.
Does not belong here: what rows mean (``transforms.staging.meta_ads``).
"""
