"""The simulated TikTok Business API.

Belongs here: its paths, answers, codes and faults.
Does not belong here: the posts it shows (``simulation``).
"""
