"""TikTok's ads API: ads, their daily reports, authorisations of Spark posts.

Belongs here: what is asked, in which portions, and what each answer means for the next question.
Does not belong here: the envelope and its codes (``sources.tiktok``), tables, data frames, Dagster.
"""
