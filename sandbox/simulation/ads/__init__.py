"""The simulated ads: one world of them, that both ads APIs show.

Belongs here: ad accounts, their ads, and every number that follows from an ad, a day and a moment.
Does not belong here: HTTP, a platform's field names, the organic posts that ads show.
"""
