"""The simulated SIFT.

Belongs here: scrapes and what they answer.
Does not belong here: the posts it shows (``simulation``).
"""
