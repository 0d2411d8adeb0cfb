"""Tokens and what OAuth clients and people have said, as the rest of the program sees them.

Belongs here: one method per question or change; each is one transaction.
Does not belong here: SQL (``tokens``, ``pauses``, ``refusals``, ``deletions``), keys (``secrets``).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from layers_pipeline.operations import accounts, deletions, pauses, refusals, tokens
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.leases import Claim
from layers_pipeline.operations.oauth_rows import (
    DeletionConfirmationRow,
    NewToken,
    PauseRow,
    RefusedMetricRow,
    TokenRow,
    UnreadablePostRow,
)
from layers_pipeline.operations.rows import NewAccount
from layers_pipeline.operations.secrets import TokenCipher


class OAuthMethods:
    """Tokens, pauses of whole APIs, refused metrics, unreadable posts, confirmed deletions."""

    database: Database

    def require_new_account(self, account_id: str) -> None:
        """Refuse the id of an account that is there, before a person is asked for its token.

        Raises:
            InputRefusedError: It is there; says what to do instead.
        """
        with self.database.read() as session:
            accounts.require_new(session, account_id)

    def require_oauth_account(self, account_id: str) -> None:
        """Refuse an account that could have no token.

        Raises:
            InputRefusedError: SIFT reads it.
            NotFoundError: There is no such account.
        """
        with self.database.read() as session:
            accounts.require_oauth(session, account_id)

    def connect_account(
        self, account: NewAccount, token: NewToken, cipher: TokenCipher, *, now: datetime
    ) -> None:
        """Add an OAuth account together with its first token.

        Raises:
            InputRefusedError: The account is there already, or something cannot be a token.
            NotFoundError: The project does not exist.
        """
        with self.database.write() as session:
            tokens.connect_account(session, account, token, cipher=cipher, now=now)

    def store_token(
        self, account_id: str, token: NewToken, cipher: TokenCipher, *, now: datetime
    ) -> None:
        """Store a token that a person gave, in the place of any other.

        A refresh under way loses its lease. An account in ``reauth_required`` becomes active
        and waits for nothing any more.

        Raises:
            InputRefusedError: The account is external, or something cannot be a token.
            NotFoundError: There is no such account.
        """
        with self.database.write() as session:
            tokens.store_token(session, account_id, token, cipher=cipher, now=now)

    def token(self, account_id: str, cipher: TokenCipher) -> TokenRow:
        """The account's token.

        Raises:
            NotFoundError: It has none.
            TokenUnreadableError: No key opens it.
        """
        with self.database.read() as session:
            return tokens.token(session, account_id, cipher=cipher)

    def tokens(self, account_ids: Iterable[str], cipher: TokenCipher) -> dict[str, TokenRow]:
        """The accounts' tokens by account id, without those that are missing or unreadable.

        One unreadable token does not keep the others; ``token`` says what is wrong with it.
        """
        with self.database.read() as session:
            return tokens.tokens(session, account_ids, cipher=cipher)

    def rotate_tokens(self, cipher: TokenCipher) -> int:
        """Encrypt every token with the first key; give the number of accounts that had another.

        All or nothing; may be repeated, and then finds what others stored meanwhile.

        Raises:
            TokenUnreadableError: No key opens the token of an account; nothing was changed.
        """
        with self.database.write() as session:
            return tokens.rotate_tokens(session, cipher=cipher)

    def claim_token_refresh(
        self,
        account_id: str,
        *,
        worker: str,
        now: datetime,
        lease_for: timedelta,
        expires_before: datetime,
    ) -> bool:
        """True for the one worker that is to refresh the token.

        False while somebody holds the lease, and where the token ends later than
        ``expires_before``: then it was refreshed meanwhile, so read it again. To refresh a token
        that is refused before its time, pass the ``expires_at`` that it was read with.
        ``lease_for`` has to outlast the call to the platform with all its repeats.

        Raises:
            NotFoundError: The account has no token.
        """
        claim = Claim(now=now, lease_for=lease_for, worker=worker, limit=1)
        with self.database.write() as session:
            return tokens.claim_token_refresh(
                session, account_id, expires_before=expires_before, claim=claim
            )

    def finish_token_refresh(
        self,
        account_id: str,
        token: NewToken | None,
        cipher: TokenCipher,
        *,
        worker: str,
        now: datetime,
    ) -> bool:
        """Store the refreshed token and end the lease; null ends the lease only.

        A token that came without a refresh token leaves the stored one in force.

        Returns:
            False, and nothing is written, if the worker does not hold the lease any more: another
            token was stored meanwhile.
        """
        with self.database.write() as session:
            return tokens.finish_token_refresh(
                session, account_id, worker=worker, token=token, cipher=cipher, now=now
            )

    def pause_api(self, scope: str, *, until: datetime, reason: str, now: datetime) -> bool:
        """Give a part of an API no calls until then; False if it is paused for as long already."""
        with self.database.write() as session:
            return pauses.pause_api(session, scope, until=until, reason=reason, now=now)

    def api_pause(self, scope: str, *, now: datetime) -> PauseRow | None:
        """The pause that the scope is in; null if it may be called."""
        with self.database.read() as session:
            return pauses.api_pause(session, scope, now=now)

    def remember_refused(self, rows: Iterable[RefusedMetricRow]) -> int:
        """Remember metrics not to ask for again; give the number of new ones."""
        with self.database.write() as session:
            return refusals.remember_refused(session, rows)

    def refused_metrics(self, source: str, api_version: str) -> set[tuple[str, str]]:
        """Media type and metric of everything that the source refuses in that version."""
        with self.database.read() as session:
            return refusals.refused_metrics(session, source=source, api_version=api_version)

    def remember_unreadable(self, rows: Iterable[UnreadablePostRow]) -> int:
        """Remember posts whose metrics are never given; give the number of new ones."""
        with self.database.write() as session:
            return refusals.remember_unreadable(session, rows)

    def unreadable_posts(self, account_ids: Iterable[str]) -> dict[str, set[str]]:
        """The platform's ids of such posts by account id; every given account has a set."""
        with self.database.read() as session:
            return refusals.unreadable_posts(session, account_ids)

    def confirm_deletions(
        self, account_id: str, listing_id: str, *, by: str, now: datetime
    ) -> bool:
        """Store that a person confirmed the deletions of a listing; False if it was known."""
        with self.database.write() as session:
            return deletions.confirm_deletions(session, account_id, listing_id, by=by, now=now)

    def deletion_confirmations(self) -> list[DeletionConfirmationRow]:
        """Every confirmation, in the order in which they came."""
        with self.database.read() as session:
            return deletions.deletion_confirmations(session)
