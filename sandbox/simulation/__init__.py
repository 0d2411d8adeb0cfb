"""The simulated world: accounts, what they publish, how it lives and grows.

Belongs here: one model of accounts and items, recorded or invented, and the clock.
Does not belong here: what an API makes of them.
"""
