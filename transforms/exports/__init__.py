"""Exports that people have: one record per format, and how its rows become ours.

Belongs here: formats as data, recognition of headers, numbers and days as languages write them.
Does not belong here: opening files (``layers_pipeline.files``); what a capture or an ad's day is.
"""
