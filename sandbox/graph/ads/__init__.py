"""The part of the Graph API that is about ads: Meta's Marketing API.

Belongs here: ad accounts, ads, insights of ads, reports, and leave to boost a creator's posts.
Does not belong here: organic posts and accounts, what ads spend (``simulation.ads``).
"""
