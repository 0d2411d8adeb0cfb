"""The sandbox as a server: application, control, scenarios.

Belongs here: starting, stopping and steering it.
Does not belong here: single platforms.
"""
