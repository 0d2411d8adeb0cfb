"""What becomes of ads while they run, as the platforms' reports show it.

Belongs here: the state and the classification of an ad, and the numbers they follow.
Does not belong here: what may become an ad (``scoring``), reading reports (``facts``).
"""
