"""The simulated Instagram Graph API.

Belongs here: its paths, answers, errors and faults.
Does not belong here: the posts it shows (``simulation``).
"""
