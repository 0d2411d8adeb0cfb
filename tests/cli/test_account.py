"""``layers-pipeline account``: what it takes over, says, refuses and never shows.

Belongs here: the installed program with its three streams; a terminal where one is needed.
Does not belong here: storing and encrypting (``tests.operations``).
"""

import os
import pty
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.secrets import TokenCipher, TokenUnreadableError, new_key
from layers_pipeline.operations.store import Operations
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.operations.tokens import Token
from layers_pipeline.settings import Settings
from layers_pipeline.sources.account_reading import AccountReading
from layers_pipeline.steps.ingest.raw_rows import AccountSync, write_raw
from layers_pipeline.steps.stores import open_stores
from tests.cli.program import INSTALLED, Program

KEY, OTHER_KEY = new_key(), new_key()
ACCESS, REFRESH = "access-nobody-may-see", "refresh-nobody-may-see"
INSTAGRAM, TIKTOK, CREATOR = "instagram:17841", "tiktok:_000abc", "tiktok:ada"
NONE = "\N{EN DASH}"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


class Commands(Program):
    """The commands over one folder."""

    def operations(self) -> Operations:
        return Operations(f"sqlite:///{self.home}/operations.db")

    def token(self, account_id: str, key: str = KEY) -> Token:
        operations = self.operations()
        try:
            return operations.tokens.get(account_id, TokenCipher(SecretStr(key)))
        finally:
            operations.close()

    def status(self, account_id: str = INSTAGRAM) -> str:
        operations = self.operations()
        found = {row.account_id: row.status for row in operations.accounts.all()}
        operations.close()
        return found[account_id]

    def set_status(self, status) -> None:
        operations = self.operations()
        operations.accounts.set_status(INSTAGRAM, status)
        operations.close()


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    """Commands over a project ``shop`` and a creator that SIFT reads."""
    made = Commands(tmp_path / "home", {"LAYERS_TOKEN_KEYS": KEY}, group=("account",))
    operations = made.operations()
    operations.migrate()
    operations.projects.add("shop", name="Shop", time_zone="UTC", now=LONG_AGO)
    creator = NewAccount(platform="tiktok", account_key="ada", connection="external")
    operations.accounts.add([creator], now=LONG_AGO)
    operations.close()
    return made


@pytest.fixture
def connected(commands: Commands) -> Commands:
    """Commands over an Instagram account with a token."""
    add(commands, LAYERS_TOKEN=ACCESS)
    return commands


def add(commands: Commands, account: str = INSTAGRAM, *more: str, typed: str = "", **variables):
    return commands.said("add", account, "--project", "shop", *more, typed=typed, **variables)


def secrets(row: Token) -> tuple[str, str | None]:
    return row.access.get_secret_value(), row.refresh and row.refresh.get_secret_value()


# Adding


def test_a_token_is_taken_from_the_environment(commands):
    said = add(commands, INSTAGRAM, "--name", "[b]Our shop", LAYERS_TOKEN=ACCESS)
    assert f"Account {INSTAGRAM} added to project 'shop'" in said
    assert secrets(commands.token(INSTAGRAM)) == (ACCESS, None)
    assert "[b]Our shop" in commands.said("list")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=repr)
def test_a_pair_is_taken_from_two_lines(commands, line_end):
    add(commands, TIKTOK, typed=f"{ACCESS}{line_end}{REFRESH}{line_end}")
    assert secrets(commands.token(TIKTOK)) == (ACCESS, REFRESH)


def test_what_the_environment_does_not_say_is_read(commands):
    add(commands, TIKTOK, typed=REFRESH, LAYERS_TOKEN=ACCESS)
    assert secrets(commands.token(TIKTOK)) == (ACCESS, REFRESH)


def test_instagram_needs_no_refresh_token(commands):
    add(commands, typed=f"{ACCESS}\n", LAYERS_REFRESH_TOKEN=REFRESH)
    assert secrets(commands.token(INSTAGRAM)) == (ACCESS, None)


@pytest.mark.parametrize(
    ("account", "options", "life"),
    [
        (INSTAGRAM, (), timedelta(days=60)),
        (TIKTOK, (), timedelta(days=1)),
        (TIKTOK, ("--expires-in", "600"), timedelta(minutes=10)),
    ],
)
def test_a_token_lasts_as_long_as_its_platform_or_the_option_says(commands, account, options, life):
    add(commands, account, *options, LAYERS_TOKEN=ACCESS, LAYERS_REFRESH_TOKEN=REFRESH)
    row = commands.token(account)
    assert row.expires_at - row.updated_at == pytest.approx(life, abs=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("account", "typed", "reason"),
    [
        pytest.param(INSTAGRAM, "", "Access token of instagram:17841 is empty", id="nothing"),
        pytest.param(INSTAGRAM, "\n", "is empty", id="an empty line"),
        pytest.param(TIKTOK, f"{ACCESS}\n", f"Refresh token of {TIKTOK} is empty", id="one of two"),
        pytest.param(INSTAGRAM, f" {ACCESS}\n", "spaces", id="a space"),
        pytest.param(INSTAGRAM, f"Bearer {ACCESS}\n", "spaces", id="a header"),
        pytest.param(INSTAGRAM, f"{ACCESS}\x1b[2J\n", "control characters", id="an escape code"),
        pytest.param(INSTAGRAM, f"{ACCESS}é\n", "beyond ASCII", id="an accent"),
        pytest.param(INSTAGRAM, f"{ACCESS * 1000}\n", "more than 4,096", id="a whole file"),
        pytest.param(INSTAGRAM, "tiktok:nobody-may-see", "creator allow", id="a creator"),
    ],
)
def test_what_is_no_token_is_refused(commands, account, typed, reason):
    said = commands.refused("add", account, "--project", "shop", typed=typed)
    assert reason in said
    assert re.search("Set LAYERS_(REFRESH_)?TOKEN, or write it as one line", said)
    assert account not in commands.said("list")


def test_a_variable_that_is_empty_is_not_asked_for(commands):
    said = commands.refused("add", INSTAGRAM, "--project", "shop", typed=ACCESS, LAYERS_TOKEN="")
    assert "is empty" in said


@pytest.mark.parametrize(
    "account", ["youtube:ada", "instagram", "instagram:", "TikTok:x", "tiktok:@ada", "@ada"]
)
def test_what_is_no_account_is_refused(commands, account):
    said = commands.refused("add", account, "--project", "shop", LAYERS_TOKEN=ACCESS)
    assert repr(account) in said
    assert "instagram:IG_USER_ID or tiktok:OPEN_ID" in said


def test_an_unknown_project_is_refused_before_a_token_is_read(commands):
    assert "'nobody'" in commands.refused("add", INSTAGRAM, "--project", "nobody", code=3)


def test_an_account_that_is_there_is_refused_before_a_token_is_read(connected):
    said = connected.refused("add", INSTAGRAM, "--project", "shop")
    assert f"account {INSTAGRAM} is there already" in said
    assert f"account reauth {INSTAGRAM}" in said


def test_a_creator_that_sift_reads_is_refused(commands):
    assert "SIFT reads it" in commands.refused("add", CREATOR, "--project", "shop")


@pytest.mark.parametrize("command", ["add", "reauth"])
def test_no_option_takes_a_token(commands, command):
    options = re.findall(r"--[a-z-]+", commands.said(command, "--help"))
    assert set(options) <= {"--project", "--name", "--expires-in", "--help"}


# Keys


@pytest.mark.parametrize(
    "arguments", [("add", INSTAGRAM, "--project", "shop"), ("reauth", INSTAGRAM), ("rotate-keys",)]
)
def test_a_missing_key_is_reported_with_the_command_that_makes_one(commands, arguments):
    said = commands.refused(*arguments, LAYERS_TOKEN_KEYS="", LAYERS_TOKEN=ACCESS)
    assert "LAYERS_TOKEN_KEYS" in said
    assert "layers-pipeline account new-key" in said


def test_a_malformed_key_is_not_repeated(commands):
    said = commands.refused("rotate-keys", LAYERS_TOKEN_KEYS=f"{KEY},hunter2")
    assert "key 2 of 2" in said
    assert "hunter2" not in said
    assert KEY not in said


def test_a_new_key_is_one_that_works(commands):
    first, *_ = commands.said("new-key", LAYERS_TOKEN_KEYS="").splitlines()
    key = first.removeprefix("export LAYERS_TOKEN_KEYS=")
    add(commands, LAYERS_TOKEN=ACCESS, LAYERS_TOKEN_KEYS=key)
    assert secrets(commands.token(INSTAGRAM, key)) == (ACCESS, None)


def test_a_further_key_goes_before_the_present_ones_which_are_not_shown(commands):
    said = commands.said("new-key")
    assert re.match(r"export LAYERS_TOKEN_KEYS=\S{44},\$LAYERS_TOKEN_KEYS\n", said)
    assert "rotate-keys" in said
    assert KEY not in said


def test_tokens_are_brought_under_a_new_key(connected):
    keys = f"{OTHER_KEY},{KEY}"
    assert "1 accounts' tokens" in connected.said("rotate-keys", LAYERS_TOKEN_KEYS=keys)
    assert "0 accounts' tokens" in connected.said("rotate-keys", LAYERS_TOKEN_KEYS=keys)
    assert secrets(connected.token(INSTAGRAM, OTHER_KEY)) == (ACCESS, None)


def test_a_key_taken_away_too_early_is_reported_with_the_account(connected):
    said = connected.refused("rotate-keys", LAYERS_TOKEN_KEYS=OTHER_KEY)
    assert f"token of account {INSTAGRAM} cannot be decrypted" in said
    with pytest.raises(TokenUnreadableError):
        connected.token(INSTAGRAM, OTHER_KEY)


# Accounts that are there


def test_an_account_that_waits_for_a_login_gets_one(connected):
    connected.set_status("reauth_required")
    said = connected.said("reauth", INSTAGRAM, "--expires-in", "3600", typed="second")
    assert f"Account {INSTAGRAM} has a new token" in said
    assert (connected.status(), secrets(connected.token(INSTAGRAM))[0]) == ("active", "second")


def test_a_new_token_leaves_a_paused_account_paused(connected):
    connected.set_status("paused")
    assert "It is paused and stays so." in connected.said("reauth", INSTAGRAM, typed="second")
    assert connected.status() == "paused"


def test_an_account_is_paused_and_resumed(connected):
    assert "is paused; it was active." in connected.said("pause", INSTAGRAM)
    assert connected.status() == "paused"
    assert "is active; it was paused." in connected.said("resume", INSTAGRAM)
    assert connected.status() == "active"


def test_an_account_that_waits_for_a_login_cannot_be_resumed(connected):
    connected.set_status("reauth_required")
    assert f"account reauth {INSTAGRAM}" in connected.refused("resume", INSTAGRAM)
    assert connected.status() == "reauth_required"


@pytest.mark.parametrize("command", ["pause", "resume", "reauth"])
def test_an_unknown_account_is_refused(commands, command):
    said = commands.refused(command, "tiktok:nobody", typed=ACCESS, code=3)
    assert "account 'tiktok:nobody' does not exist. See: layers-pipeline account list" in said


def test_a_creator_that_sift_reads_takes_no_token(commands):
    assert "is external: SIFT reads it" in commands.refused("reauth", CREATOR, typed=ACCESS)


def test_accounts_are_listed_with_their_newest_ending(connected):
    operations, actual = connected.operations(), "HTTP 401 [red]\x1b[2J"
    for number, depth in enumerate(("quick", "full")):
        moment = LONG_AGO + number * timedelta(minutes=1)
        operations.syncs.claim_named(
            depth, [INSTAGRAM], now=moment, lease_for=timedelta(minutes=5), worker="w1"
        )
        ending = SyncEnding(
            account_id=INSTAGRAM,
            outcome="unavailable",
            message=f"{depth} {actual}",
            retry_at=moment + timedelta(hours=6),
        )
        operations.sync_outcomes.finish([ending], depth, worker="w1", now=moment)
    operations.close()
    said = connected.said("list")
    assert "full HTTP 401 [red]" in said
    assert "quick HTTP" not in said
    assert "2025-01-01 06:01" in said
    assert "\x1b" not in said
    assert re.search(rf"{CREATOR} +│ {NONE} +│ external +│ active +(│ {NONE} +){{3}}│", said)


def test_deletions_of_a_listing_that_never_was_are_refused(connected):
    said = connected.refused("confirm-deletions", INSTAGRAM, "no-such-listing", code=3)
    assert "no-such-listing" in said
    assert "no_deletion_storm" in said


def listed(commands, sync_id):
    """A complete listing of the Instagram account, as a sync lands it."""
    settings = Settings(home=commands.home, lake_url="", operations_url="")
    stores = open_stores(settings)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    write_raw(
        stores,
        [
            AccountSync(
                sync_id=sync_id,
                platform="instagram",
                account_key=INSTAGRAM.partition(":")[2],
                depth="full",
                started_at=at,
                finished_at=at,
                reading=AccountReading(is_complete=True),
                outcome=SyncEnding(account_id=INSTAGRAM, outcome="ok"),
            )
        ],
        run_id="r",
    )
    stores.operations.close()


def test_deletions_are_confirmed_once(connected):
    listed(connected, "listing-1")
    first = connected.said("confirm-deletions", INSTAGRAM, "listing-1", "--by", "ann")
    assert f"listing-1 of account {INSTAGRAM}: confirmed." in first
    assert "nothing changed" in connected.said("confirm-deletions", INSTAGRAM, "listing-1")
    operations = connected.operations()
    rows = [(row.listing_id, row.confirmed_by) for row in operations.deletions.confirmations()]
    operations.close()
    assert rows == [("listing-1", "ann")]


def test_deletions_of_an_unknown_account_are_refused(commands):
    said = commands.refused("confirm-deletions", "tiktok:nobody", "listing-1", code=3)
    assert "tiktok:nobody" in said


# The installed program


def test_a_refusal_is_one_line_and_exit_code_2(commands):
    done = subprocess.run(
        [INSTALLED, "account", "add", INSTAGRAM, "--project", "shop"],
        env=os.environ | commands.environment({}),
        input=b"\xff" + ACCESS.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert re.fullmatch(rb"error: [^\n]+ beyond ASCII\.[^\n]+\n", done.stderr)
    assert b"nobody-may-see" not in done.stderr


def test_a_terminal_does_not_show_what_is_typed(commands):
    shown = typed_on_a_terminal(commands, ACCESS, REFRESH)
    assert f"Access token of {TIKTOK}: " in shown
    assert f"Refresh token of {TIKTOK}: " in shown
    assert f"Account {TIKTOK} added" in shown
    assert "nobody-may-see" not in shown
    assert secrets(commands.token(TIKTOK)) == (ACCESS, REFRESH)


def typed_on_a_terminal(commands: Commands, *lines: str) -> str:
    """What a terminal shows while a person answers each question with a line."""
    person, terminal = pty.openpty()
    process = subprocess.Popen(
        [INSTALLED, "account", "add", TIKTOK, "--project", "shop"],
        env=os.environ | commands.environment({}),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,  # not the terminal that the tests were started from
    )
    os.close(terminal)
    shown = b""
    for answered, line in enumerate(lines, 1):
        while shown.count(b"token of") < answered or not shown.endswith(b": "):
            shown += os.read(person, 1024)
        os.write(person, f"{line}\n".encode())
    with suppress(OSError):  # how Linux says that the last program has left the terminal
        while chunk := os.read(person, 1024):
            shown += chunk
    os.close(person)
    assert process.wait(60) == 0
    return shown.decode()
