"""Deployment settings: read once from the environment, validated, secrets kept as secrets.

Belongs here: what differs between a laptop and production (places, addresses, cadences).
Does not belong here: scoring numbers (``transforms.scoring.rules``) and anything a person
changes while the system runs (the operational database).
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from layers_pipeline.errors import SettingsError
from transforms.scoring.ticks import tick_from_key
from transforms.vocabulary import SkipRateUnit

CRON_FIELDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""Minute, hour, day of the month, month, day of the week: the least and the largest number."""
METRICS_TOKEN_MIN: Final = 16
"""Fewer characters do not keep out who tries from the network."""
CRON_PART: Final = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([1-9][0-9]?))?")


def _cron(text: str) -> str:
    """A cron expression of five numeric fields, one space apart.

    Dagster would also take names (``MON``) and ``@daily``, but refuses a wrong one only when the
    code location loads, without the variable's name.
    """
    fields = text.split()
    if len(fields) != len(CRON_FIELDS) or not all(map(_is_cron_field, fields, CRON_FIELDS)):
        raise ValueError("write five cron fields in numbers, such as 0 */4 * * *")
    return " ".join(fields)


def _is_cron_field(field: str, limits: tuple[int, int]) -> bool:
    found = [CRON_PART.fullmatch(part) for part in field.split(",")]
    ranges = [[int(one) for one in part.groups()[:2] if one] for part in found if part]
    return all(found) and all(
        numbers == sorted(numbers) and all(limits[0] <= one <= limits[1] for one in numbers)
        for numbers in ranges
    )


def _tick(key: str) -> str:
    try:
        tick_from_key(key)
    except ValueError as error:
        raise ValueError("write YYYY-MM-DD-HH:MM in UTC, such as 2025-01-01-00:00") from error
    return key


def _or_of_aws(*names: str) -> FieldInfo:
    """A setting that may have the name that Amazon's own programs read."""
    return Field(validation_alias=AliasChoices(*names))


def _long_enough(token: SecretStr) -> SecretStr:
    if 0 < len(token) < METRICS_TOKEN_MIN:
        raise ValueError(f"give it {METRICS_TOKEN_MIN} characters or more")
    return token


class Settings(BaseSettings):
    """One deployment. Every field can be set by an environment variable ``LAYERS_<NAME>``.

    Flat, so that a field's name is its variable's: nested models would need a rule by which
    ``LAYERS_TIKTOK_CLIENT_ID`` is taken apart and ``LAYERS_TOKEN_KEYS`` is not.
    """

    model_config = SettingsConfigDict(
        env_prefix="LAYERS_", frozen=True, extra="ignore", populate_by_name=True
    )

    home: Path = Path(".layers")
    """Folder of the embedded defaults; everything below lies in it unless it is set."""
    operations_url: str = ""
    """SQLAlchemy URL of the operational database. Default: SQLite in ``home``."""
    lake_url: str = ""
    """Folder or object-store URL of the lake. Default: ``home``/lake."""
    serve_dir: Path | None = None
    """Folder of the analysts' files. Default: ``home``/serve."""
    s3_endpoint: Annotated[str, _or_of_aws("LAYERS_S3_ENDPOINT", "AWS_ENDPOINT_URL")] = ""
    """URL of the S3 server, where it is not Amazon's."""
    s3_region: Annotated[str, _or_of_aws("LAYERS_S3_REGION", "AWS_REGION")] = ""
    """Region of the bucket."""
    s3_access_key_id: Annotated[str, _or_of_aws("LAYERS_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")] = (
        ""
    )
    """Name of the key to the bucket; without one the machine's own role is used."""
    s3_secret_access_key: Annotated[
        SecretStr, _or_of_aws("LAYERS_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
    ] = SecretStr("")
    """The key itself."""
    s3_session_token: Annotated[
        SecretStr, _or_of_aws("LAYERS_S3_SESSION_TOKEN", "AWS_SESSION_TOKEN")
    ] = SecretStr("")
    """What belongs to a key that ends by itself."""
    history_in_file: Literal["newest", "views", "whole"] = "newest"
    """What the analysts' file holds of tables that grow without end, if the lake is in an object
    store: copies of the newest days, views over the store, or copies of all."""
    history_days: Annotated[int, Field(ge=1)] = 2
    """For how many days ``newest`` copies, of all that was known by then."""

    sift_url: str = "http://127.0.0.1:8890"
    """Base URL of SIFT; the default is the sandbox's."""
    sift_key: SecretStr = SecretStr("sandbox-key")
    """Bearer key for SIFT; the default is the sandbox's."""

    instagram_url: str = "http://127.0.0.1:8890"
    """Base URL of the Graph API without version (``https://graph.facebook.com`` or
    ``https://graph.instagram.com``); the default is the sandbox's."""
    instagram_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v27.0"
    """Version of the Graph API; the default is the newest that gives all that is asked for."""
    instagram_app_secret: SecretStr = SecretStr("")
    """App secret; where it is set, each call is signed with ``appsecret_proof``."""
    instagram_skip_rate: SkipRateUnit = "percent"
    """Unit in which the platform shows ``reels_skip_rate``."""
    tiktok_url: str = "http://127.0.0.1:8890"
    """Base URL of the Business API without path (``https://business-api.tiktok.com``); the
    default is the sandbox's."""
    tiktok_client_id: str = "sandbox-client"
    """Client id of our TikTok app, needed to refresh tokens."""
    tiktok_client_secret: SecretStr = SecretStr("sandbox-secret")
    """Client secret of our TikTok app."""
    tiktok_calls_per_s: Annotated[float, Field(gt=0, le=1000)] = 10.0
    """Calls per second that TikTok allows our app."""
    tiktok_calls_per_min: Annotated[float, Field(gt=0, le=60_000)] = 600.0
    """Calls per minute that TikTok allows our app; 600 by its basic tier, 1,000 above."""
    tiktok_syncs_at_once: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many syncs call TikTok at once, on all machines; each takes its share of both limits."""
    tiktok_account_calls_per_min: Annotated[int, Field(ge=1, le=60_000)] = 40
    """Calls per minute that TikTok allows of one account to one endpoint."""
    meta_ads_url: str = "http://127.0.0.1:8890"
    """Base URL of the Marketing API without version (``https://graph.facebook.com``); the default
    is the sandbox's."""
    meta_ads_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v27.0"
    """Version of the Marketing API; each one lives about a year."""
    meta_ads_app_secret: SecretStr = SecretStr("")
    """App secret of the app that reads ads; where it is set, each call is signed."""
    meta_ads_trailing_days: Annotated[int, Field(ge=1, le=90)] = 28
    """Days that each reading of Meta's ads reads again; Meta restates a day for 28 days."""
    tiktok_ads_trailing_days: Annotated[int, Field(ge=1, le=90)] = 32
    """Days that each reading of TikTok's ads reads again: its longest window of conversions."""
    ads_first_days: Annotated[int, Field(ge=1, le=1123)] = 90
    """Days that the first reading of an ad account goes back; Meta keeps 37 months."""
    ads_unknown_share_limit: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.2
    """Share of ads that show nothing we know, 0 to 1, above which the check warns."""
    ads_gap_share_limit: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01
    """Share of an ad account's spend that its ads may lack, 0 to 1, before the check warns."""
    token_keys: SecretStr = SecretStr("")
    """Keys that encrypt stored tokens, comma separated; the first one encrypts, all decrypt."""
    refusal_days: Annotated[int, Field(ge=1, le=3650)] = 14
    """For how many days what a platform refuses is not asked for again, in days."""
    usage_limit_pct: Annotated[int, Field(ge=1, le=100)] = 90
    """Share of a platform's allowance, in percent, from which on we wait rather than call."""
    deletion_share_limit: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.5
    """Share of an account's posts, 0 to 1, that may be deleted at once; more needs a person."""

    first_tick: Annotated[str, AfterValidator(_tick)] = "2025-01-01-00:00"
    """The first scoring tick there can be, as a partition key."""
    tick_cron: Annotated[str, AfterValidator(_cron)] = "0 */4 * * *"
    """When scoring ticks fall, in UTC."""
    tick_grace_s: Annotated[int, Field(ge=0)] = 60
    """How long after a tick its data is read, so that commits under way arrive, in seconds."""
    backfill_ticks_per_run: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Into runs of how many ticks a backfill is split; 0 leaves a range one run."""
    scoring_runs_at_once: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many runs may score at once; 0 leaves it to Dagster's instance, which begins with 1."""
    score_shards: Annotated[int, Field(ge=1, le=256)] = 1
    """Among how many processes the projects of a tick are shared; each reads the history anew."""
    runs_at_once: Annotated[int, Field(ge=1, le=10_000)] = 4
    """How many runs the daemon starts at once, of any kind."""
    score_history_days: Annotated[int, Field(ge=0)] = 0
    """For how many days every tick's scores are kept; older days keep one. 0 keeps all."""
    derive_rows: Annotated[int, Field(ge=1)] = 200_000
    """How many captures derivation holds in memory at a time; more are taken apart on disk."""
    raw_history_days: Annotated[int, Field(ge=0)] = 0
    """For how many days what platforms answered is kept as received. 0 keeps all."""
    run_history_days: Annotated[int, Field(ge=0)] = 90
    """For how many days Dagster's runs and their events are kept. 0 keeps all."""
    schedules: Literal["running", "stopped"] = "running"
    """Whether schedules and sensors start switched on."""
    failed_share_limit: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5
    """Share of failed accounts in one sync, 0 to 1, above which the check turns red."""
    stale_after_h: Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False)] = 8.0
    """Age of what was published from which on the dashboard calls it old, in hours."""
    dashboard_password: SecretStr = SecretStr("")
    """Password of the dashboard; needed where it is open to other machines."""
    metrics_token: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")
    """Bearer token that reads ``/metrics`` of the dashboard, 16 characters or more."""
    metrics_per_account: bool = False
    """Whether metrics are told by account and by project, too; each is a series of its own."""
    log_format: Literal["text", "json"] = "text"
    """How runs and the dashboard log: lines for people, or a JSON object per line."""
    generations_kept: Annotated[int, Field(ge=1)] = 5
    """How many published generations of the analysts' file are kept."""
    views_memory_mb: Annotated[int, Field(ge=64, le=1_000_000)] = 2048
    """Memory that questions of people who look may use before they write to disk, in MB."""
    views_threads: Annotated[int, Field(ge=1, le=1024)] = 2
    """Threads that all of their questions share."""
    exports_dir: Path | None = None
    """Folder of scheduled exports. Default: ``home``/exports."""
    exports_cron: Annotated[str, AfterValidator(_cron)] = "30 6 * * *"
    """When saved views are exported, in UTC."""
    exports_kept: Annotated[int, Field(ge=1)] = 30
    """How many exports of each saved view are kept."""

    @cached_property
    def root(self) -> Path:
        return self.home.expanduser().absolute()

    @property
    def tiktok_pace_per_s(self) -> float:
        """Calls per second that one sync makes: its share of what our app is allowed."""
        allowed = min(self.tiktok_calls_per_s, self.tiktok_calls_per_min / 60)
        return allowed / self.tiktok_syncs_at_once

    @property
    def tiktok_account_allowance_per_min(self) -> int:
        """How many of those calls one sync makes; what is left is for another at its side."""
        return max(1, self.tiktok_account_calls_per_min * self.usage_limit_pct // 100)

    @property
    def operations_database_url(self) -> str:
        """The operational database's URL with the default filled in."""
        return self.operations_url or f"sqlite:///{_in_url(self.root / 'operations.db')}"

    @property
    def lake_location(self) -> str:
        """The lake's URL or absolute folder with the default filled in."""
        return self.lake_url or str(self.root / "lake")

    @cached_property
    def serve_location(self) -> Path:
        """The absolute folder of the analysts' files."""
        return (self.serve_dir or self.root / "serve").expanduser().absolute()

    @cached_property
    def exports_location(self) -> Path:
        """The absolute folder of scheduled exports."""
        return (self.exports_dir or self.root / "exports").expanduser().absolute()

    @property
    def seen_location(self) -> Path:
        """The absolute folder of what was seen of the stores."""
        return self.root / "seen"

    @property
    def secrets(self) -> list[SecretStr]:
        """What no log may show: keys, passwords, and passwords in URLs."""
        given = [value for _, value in self if isinstance(value, SecretStr)]
        keys = [SecretStr(key.strip()) for key in self.token_keys.get_secret_value().split(",")]
        urls = (value for _, value in self if isinstance(value, str) and "://" in value)
        return [*given, *keys, *(SecretStr(found) for url in urls for found in _in_urls(url))]

    @property
    def restoring_note(self) -> Path:
        """The file that is there while a restore is not finished; it names the backup."""
        return self.root / "restoring"

    @property
    def locks_location(self) -> Path:
        """The absolute folder of lock files, used where there is no PostgreSQL."""
        return self.root / "locks"


def _in_urls(url: str) -> list[str]:
    """What is secret in a URL: its password, and the values of its parameters."""
    parts = urlsplit(url)
    return [*filter(None, [parts.password]), *(value for _, value in parse_qsl(parts.query))]


def _in_url(path: Path) -> str:
    """A path in which a URL's reader finds no escape, question or fragment."""
    return str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")


def load_settings() -> Settings:
    """The settings that the environment describes.

    Raises:
        SettingsError: A variable has a value that cannot be used; names it, not its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"LAYERS_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise SettingsError(f"settings: {wrong}. Correct the environment variable.") from error
