"""What a capture is: one post as one source showed it at one moment, before any judgement.

Belongs here: raw and staging tables.
Does not belong here: posts, snapshots and everything derived from them.
"""

from typing import Final

import dataframely as dy

from transforms.contracts.columns import (
    METRICS,
    count,
    day,
    flag,
    instant,
    key,
    one_of,
    platform,
    whole,
    word,
)
from transforms.contracts.metrics import Metrics
from transforms.vocabulary import DEPTHS, MEDIA_TYPES, SOURCES

LONE_VALUES: Final = (*METRICS, "followers", "insights")
"""Numbers of a capture, and the answer of insights that some are read from: where one is odd, it
alone is set aside, and the rest of the capture is kept."""


class RawSiftPosts(dy.Schema):
    """Grain: one row per post row that SIFT answered, exactly as received."""

    landing_id = key("Scrape job and position in its answer: the same answer lands once.")
    scrape_job_id = word("Scrape job that the row answers.")
    platform = word("Platform that was asked for.")
    account_key = word("Account that was asked for.")
    submitted_at = instant("When the scrape was asked for.")
    received_at = instant("When the row arrived here.")
    known_at = instant(
        "When the row was committed here; everything made of it is known since then."
    )
    run_id = word("Run that received the row.")
    body = word("The row as received, JSON text.")
    scraped_on = day("Day on which the scrape was asked for; partition.")


class RawResponses(dy.Schema):
    """Grain: one row per row of a response, exactly as received but for secrets."""

    landing_id = key("Reading of the account and position in it.")
    sync_id = word("Reading of an account that the row belongs to.")
    account_key = word("Account that was read.")
    depth = one_of(DEPTHS, "How deep was read.", rule="unknown_depth")
    entity = word("What the row speaks of: media, story, insights, breakdown, account or video.")
    subject = word("Item that the row answers for; empty for the account's own.")
    received_at = instant("When the row arrived here.")
    known_at = instant(
        "When the row was committed here; everything made of it is known since then."
    )
    run_id = word("Run that received the row.")
    body = word("The row as received, JSON text, without tokens.")
    landed_on = day("Day on which the row was committed; partition.")


class RawInstagramResponses(RawResponses):
    """Grain: one row per row of an Instagram Graph API response, as received without tokens."""


class RawTiktokResponses(RawResponses):
    """Grain: one row per row of a TikTok Business API response, as received without tokens."""


class AccountListings(dy.Schema):
    """Grain: one row per reading of an OAuth account: how far its listing of posts came.

    Written after the rows of the reading, so a listing that is here has all of its rows.
    """

    sync_id = key("The reading.")
    platform = platform(in_key=False)
    account_key = word("Account that was read.")
    depth = one_of(DEPTHS, "How deep was read.", rule="unknown_depth")
    started_at = instant("When the reading began.")
    finished_at = instant("When the reading ended.")
    known_at = instant("When the listing was committed here.")
    outcome = word("How the reading ended.")
    items = whole("Posts listed, stories left out.")
    pages = whole("Pages of the listing that were read.")
    calls = whole("HTTP requests that the reading took.")
    is_complete = flag("Whether it was read to the end that the platform named, and all went well.")
    listing_id = word(
        "First reading of a listing that may take several; null: it never takes more than this.",
        nullable=True,
    )
    listing_began_at = instant("When that first reading began; null as listing_id.", nullable=True)
    listing_items = whole(
        "Posts listed by all readings of it so far; null as listing_id.", nullable=True
    )
    run_id = word("Run that read the account.")
    landed_on = day("Day on which the listing was committed; partition.")


class CaptureOfPost(dy.Schema):
    """Grain: one row per post per capture: what the post is, without its metrics."""

    platform = platform(in_key=False)
    account_key = dy.String(
        nullable=False, min_length=1, metadata={"comment": "Account that published the post."}
    )
    platform_post_id = dy.String(
        nullable=False, min_length=1, metadata={"comment": "The platform's id of the post."}
    )
    captured_at = instant("When the platform showed these values.")
    published_at = instant("When the post was published; null if not reported.", nullable=True)
    media_type = one_of(MEDIA_TYPES, "Kind of post.", rule="unknown_media_type", nullable=True)
    caption = word("Text of the post, as strangers wrote it.", nullable=True)
    permalink = word("Public address of the post.", nullable=True)
    media_url = word("Address of the media file.", nullable=True)
    audio_type = word("Instagram: MUSIC or ORIGINAL_SOUND, as it says.", nullable=True)
    is_ai_generated = dy.Bool(
        nullable=True,
        metadata={"comment": "Instagram: whether it is labelled as made by AI. Null: not said."},
    )
    followers = count("Followers of the account at that moment.")
    source = one_of(SOURCES, "Where the capture comes from.", rule="unknown_source")
    known_at = instant("When the pipeline knew the capture: the commit of its landed row.")
    run_id = word("Run that received the capture.")


class Capture(CaptureOfPost, Metrics):
    """Grain: one row per post per capture, typed, in our words."""


class StgSiftPosts(Capture):
    """Grain: one row per post per SIFT scrape, typed. Key: landing_id."""

    landing_id = key("The landed row that this is.")
    scraped_on = day("Day on which the scrape was asked for; partition.")


class StgInstagramPosts(Capture):
    """Grain: one row per post or story per reading of its account, typed. Key: landing_id."""

    landing_id = key("The landed row of the post; insights of the same reading are joined to it.")
    landed_on = day("Day on which the row was committed; partition.")


class StgTiktokPosts(Capture):
    """Grain: one row per video per reading of its account, typed. Key: landing_id."""

    landing_id = key("The landed row that this is.")
    landed_on = day("Day on which the row was committed; partition.")


class StgImportCaptures(Capture):
    """Grain: one row per accepted line of an imported file. Key: file_id, line_number."""

    file_id = key("Fingerprint of the file's content; partition.")
    line_number = dy.Int64(
        primary_key=True, min=1, metadata={"comment": "Line of the file, counted from 1."}
    )


class Quarantine(dy.Schema):
    """Grain: one row per row set aside, with every rule that it broke, or per odd value.

    An odd value, such as a count below zero, is null in its capture, whose other values are kept.
    """

    quarantine_id = key("Table, origin and, of a single value, its column: set aside once.")
    table_name = word("Table that the row was meant for.")
    origin = word("Landed row, or file and line, that it came from.")
    column_name = word(
        "Column of the single value that was set aside, the rest of its row being kept; "
        "insights: an answer that cannot be read. Null: the whole row was set aside.",
        nullable=True,
    )
    broken_rules = word("Rules that it broke, comma separated, as column|rule.")
    row = word("The row as it was refused, or the single value under its column, JSON text.")
    quarantined_at = instant("When it was set aside.")
    run_id = word("Run that set it aside.")


class ImportFiles(dy.Schema):
    """Grain: one row per imported file and project, or platform of ads."""

    import_id = key("File fingerprint and project, or platform of ads.")
    file_id = word("Fingerprint of the file's content; of ads, also of how it is to be read.")
    project_id = word(
        "Project that the file's accounts were registered with; null for reports of ads.",
        nullable=True,
    )
    file_name = word("Name of the file, without its folder.")
    rows_read = whole("Rows in the file.")
    rows_quarantined = whole("Rows set aside.")
    imported_at = instant("When the import finished.")
