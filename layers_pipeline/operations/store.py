"""The operational database as the rest of the program sees it.

Belongs here: one method per question or change; each is one transaction. Some topics have a
module of their own: ``store_syncs``, ``store_oauth``, ``store_content``.
Does not belong here: SQL (one module per thing) and connections (``database``).
"""

from collections.abc import Iterable
from datetime import datetime

from layers_pipeline.operations import accounts, allowlist, projects, settled
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.rows import (
    AccountRow,
    AllowlistRow,
    NewAccount,
    NewCreator,
    ProjectRow,
)
from layers_pipeline.operations.store_content import ContentMethods
from layers_pipeline.operations.store_oauth import OAuthMethods
from layers_pipeline.operations.store_syncs import SyncMethods
from transforms.vocabulary import AccountStatus


class Operations(SyncMethods, OAuthMethods, ContentMethods):
    """What people and syncs change, topic by topic.

    Projects, accounts and the allowlist are here; syncs and scrape jobs in ``SyncMethods``;
    tokens and what OAuth clients remember in ``OAuthMethods``; creatives, what is said of content
    and versions of the rules in ``ContentMethods``.

    Args:
        url: SQLAlchemy URL of a SQLite file, whose folder is made, or of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)

    @property
    def url(self) -> str:
        """The database's URL without passwords, for messages."""
        return self.database.url

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to repeat and to run at once."""
        self.database.migrate()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def settle(self, name: str, value: str, *, now: datetime) -> str:
        """Settle a setting that stored data depends on, unless it is; give what is settled."""
        with self.database.write() as session:
            return settled.settle(session, name, value, now=now)

    def add_project(self, project_id: str, *, name: str, time_zone: str, now: datetime) -> bool:
        """Add an active project; False if it was there, which leaves it unchanged."""
        with self.database.write() as session:
            return projects.add_project(
                session, project_id, name=name, time_zone=time_zone, now=now
            )

    def project(self, project_id: str) -> ProjectRow:
        """The project.

        Raises:
            NotFoundError: There is none of that id; names those there are.
        """
        with self.database.read() as session:
            return projects.project(session, project_id)

    def projects(self) -> list[ProjectRow]:
        """Every project, by id."""
        with self.database.read() as session:
            return projects.projects(session)

    def set_project_active(self, project_id: str, *, is_active: bool) -> None:
        """Switch syncing for the project on or off."""
        with self.database.write() as session:
            projects.set_project_active(session, project_id, is_active=is_active)

    def add_accounts(self, rows: Iterable[NewAccount], *, now: datetime) -> int:
        """Add the accounts that are not there yet; give their number."""
        with self.database.write() as session:
            return accounts.add_accounts(session, rows, now=now)

    def accounts(self) -> list[AccountRow]:
        """Every platform account, by id."""
        with self.database.read() as session:
            return accounts.accounts(session)

    def set_account_status(self, account_id: str, status: AccountStatus) -> None:
        """Pause the account, or make it active again."""
        with self.database.write() as session:
            accounts.set_account_status(session, account_id, status)

    def allow_creators(
        self,
        project_id: str,
        entries: Iterable[NewCreator],
        *,
        allowed_from: datetime | None = None,
    ) -> int:
        """Put creators on the project's allowlist; give the number of entries opened.

        The result does not depend on the order of calls: an open entry begins at the
        earliest instant given, though never before the end of a closed one.

        Raises:
            InputRefusedError: An account is another creator's; nothing was written.
            NotFoundError: The project or an account does not exist; nothing was written.
        """
        with self.database.write() as session:
            return allowlist.allow_creators(session, project_id, entries, allowed_from=allowed_from)

    def disallow_creator(self, project_id: str, creator_id: str, *, now: datetime) -> bool:
        """Close the creator's open allowlist entry; False if there is none."""
        with self.database.write() as session:
            return allowlist.disallow_creator(session, project_id, creator_id, now=now)

    def allowlist(self) -> list[AllowlistRow]:
        """Every allowlist entry, open and closed, once per account of its creator."""
        with self.database.read() as session:
            return allowlist.allowlist(session)
