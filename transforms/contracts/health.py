"""How the syncs of accounts stand, in words for people.

Belongs here: the health of syncs.
Does not belong here: what was synced.
"""

import dataframely as dy

from transforms.contracts.columns import flag, instant, key, platform, word


class SyncHealth(dy.Schema):
    """Grain: one row per account: when each depth last succeeded, what is wrong, and the remedy."""

    account_id = key("Platform and account key.")
    platform = platform(in_key=False)
    account_key = word("The platform's name or id of the account.")
    name = word("What people call the account; null if nobody said.", nullable=True)
    connection = word("oauth: a token is held; external: read through SIFT.")
    status = word("active, paused or reauth_required.")
    quick_succeeded_at = instant("Newest successful quick sync.", nullable=True)
    posts_succeeded_at = instant("Newest successful posts sync.", nullable=True)
    full_succeeded_at = instant("Newest successful full sync.", nullable=True)
    is_healthy = flag("Whether nothing is wrong.")
    failing_depth = word("Depth that fails; null: none.", nullable=True)
    outcome = word("Outcome of the newest sync that failed; null: none fails.", nullable=True)
    problem = word("What is wrong, in words; null: nothing.", nullable=True)
    remedy = word("What to do about it; null: nothing.", nullable=True)
    retry_at = instant("When it is tried again by itself; null: at its cadence.", nullable=True)


class SyncProblems(dy.Schema):
    """Grain: one row per account and change of what keeps it from being synced.

    Noted when the health of syncs is copied; the newest one known counts. An account that never
    failed has no row.
    """

    account_id = key("Platform and account key.")
    known_at = instant("When the change was noted.", in_key=True)
    fails = flag("Whether its syncs fail for a reason that does not pass by itself.")
    outcome = word("Outcome of the sync that fails; null: none, or it is paused.", nullable=True)
    problem = word("What is wrong, in words; null: nothing.", nullable=True)
    remedy = word("What to do about it; null: nothing.", nullable=True)
