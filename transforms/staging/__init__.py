"""A source's rows become typed captures.

Belongs here: parsing of answers, rules of rows, setting bad rows aside.
Does not belong here: what captures mean together (``facts``).
"""
