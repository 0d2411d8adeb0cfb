"""The operational database as the rest of the program sees it.

Belongs here: which repositories there are, on one database.
Does not belong here: questions and changes (the repositories), connections (``database``).
"""

from layers_pipeline.operations.account_renames import AccountRenames
from layers_pipeline.operations.accounts import Accounts
from layers_pipeline.operations.ad_accounts import AdAccounts
from layers_pipeline.operations.ads import Ads
from layers_pipeline.operations.allowlist import Allowlist
from layers_pipeline.operations.api_calls import ApiCallCounts
from layers_pipeline.operations.creatives import Creatives
from layers_pipeline.operations.database import Database
from layers_pipeline.operations.deletions import Deletions
from layers_pipeline.operations.job_runs import JobRuns
from layers_pipeline.operations.layers import Layers
from layers_pipeline.operations.listings import Listings
from layers_pipeline.operations.payout_configs import PayoutConfigs
from layers_pipeline.operations.payout_ledger import PayoutLedger
from layers_pipeline.operations.payout_payments import PayoutPayments
from layers_pipeline.operations.pinned_settings import PinnedSettings
from layers_pipeline.operations.projects import Projects
from layers_pipeline.operations.refusals import Refusals
from layers_pipeline.operations.rights import Rights
from layers_pipeline.operations.saved_views import SavedViews
from layers_pipeline.operations.scheduled_posts import ScheduledPosts
from layers_pipeline.operations.scoring_roles import ScoringRoles
from layers_pipeline.operations.scrapes import Scrapes
from layers_pipeline.operations.spark_codes import SparkCodes
from layers_pipeline.operations.sync_outcomes import SyncOutcomes
from layers_pipeline.operations.syncs import Syncs
from layers_pipeline.operations.tokens import Tokens
from layers_pipeline.operations.told_listings import ToldListings
from layers_pipeline.operations.verdicts import Verdicts


class Operations:
    """What people and syncs change, one repository per topic.

    Args:
        url: SQLAlchemy URL of a SQLite file, whose folder is made, or of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.projects = Projects(self.database)
        self.accounts = Accounts(self.database)
        self.allowlist = Allowlist(self.database)
        self.syncs = Syncs(self.database)
        self.sync_outcomes = SyncOutcomes(self.database)
        self.scrapes = Scrapes(self.database)
        self.tokens = Tokens(self.database)
        self.refusals = Refusals(self.database)
        self.deletions = Deletions(self.database)
        self.listings = Listings(self.database)
        self.account_renames = AccountRenames(self.database)
        self.told_listings = ToldListings(self.database)
        self.creatives = Creatives(self.database)
        self.verdicts = Verdicts(self.database)
        self.ads = Ads(self.database)
        self.ad_accounts = AdAccounts(self.database)
        self.layers = Layers(self.database)
        self.rights = Rights(self.database)
        self.spark_codes = SparkCodes(self.database)
        self.payout_configs = PayoutConfigs(self.database)
        self.payout_ledger = PayoutLedger(self.database)
        self.payout_payments = PayoutPayments(self.database)
        self.scoring_roles = ScoringRoles(self.database)
        self.scheduled_posts = ScheduledPosts(self.database)
        self.saved_views = SavedViews(self.database)
        self.settings = PinnedSettings(self.database)
        self.job_runs = JobRuns(self.database)
        self.api_calls = ApiCallCounts(self.database)

    @property
    def url(self) -> str:
        """The database's URL without passwords, for messages."""
        return self.database.url

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to repeat and to run at once."""
        self.database.migrate()

    def close(self) -> None:
        self.database.close()
