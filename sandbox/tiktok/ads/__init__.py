"""The part of TikTok's Business API that is about ads.

Belongs here: advertisers, ads, reports, Spark codes, assets of a Business Center.
Does not belong here: organic accounts, what ads spend (``simulation.ads``).
"""
