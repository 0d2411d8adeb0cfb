"""What is known of posts and accounts.

Belongs here: dimensions and facts that are the same for every project.
Does not belong here: pools, scores, eligibility.
"""

import dataframely as dy
import polars as pl

from transforms.contracts.columns import (
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
from transforms.contracts.metrics import Metrics, MetricTimes
from transforms.vocabulary import (
    ACCOUNT_STATUSES,
    CONNECTIONS,
    CONTAINER_KINDS,
    MEDIA_TYPES,
    SOURCES,
)


class Projects(dy.Schema):
    """Grain: one row per project, a brand's workspace."""

    project_id = key("Short name of the project.")
    name = word("Name as people write it.")
    time_zone = word("IANA time zone of the project's days.")
    is_active = flag("Whether the project is synced and scored.")
    created_at = instant("When the project was made.")


class PlatformAccounts(dy.Schema):
    """Grain: one row per account on a platform, with the state of its syncs."""

    account_id = key("Platform and account key.")
    platform = platform(in_key=False)
    account_key = word("The platform's name or id of the account.")
    connection = one_of(
        CONNECTIONS,
        "oauth: a token is held; external: read through SIFT.",
        rule="unknown_connection",
    )
    status = one_of(ACCOUNT_STATUSES, "Whether the account is synced.", rule="unknown_status")
    project_id = word("Project that owns the account; null for external ones.", nullable=True)
    creator_id = word("Creator behind the account; null for a project's own.", nullable=True)
    last_outcome = word("Outcome of the newest finished sync, any depth.", nullable=True)
    last_message = word("What was said of that outcome.", nullable=True)
    last_success_at = instant("Newest successful sync, any depth.", nullable=True)
    retry_at = instant("Not synced again before this moment.", nullable=True)


class ProjectAllowlist(dy.Schema):
    """Grain: one row per project, creator account and interval on the allowlist."""

    project_id = key("Project whose allowlist it is.")
    platform = platform()
    account_key = key("The creator's account.")
    allowed_from = instant("Start of the interval.", in_key=True)
    allowed_to = instant("End of the interval; null while it lasts.", nullable=True)
    creator_id = word("Creator behind the account.")


class PlatformPosts(dy.Schema):
    """Grain: one row per post. Content is the newest shown; counts are last known."""

    platform = platform()
    platform_post_id = key("The platform's id of the post.")
    account_key = word("Account that published it, as the earliest capture names it.")
    published_at = instant("When it was published; null if never reported.", nullable=True)
    is_identity_settled = flag("Whether every capture names the same account and publication.")
    media_type = one_of(MEDIA_TYPES, "Kind of post.", rule="unknown_media_type", nullable=True)
    caption = word("Newest text, as strangers wrote it: never treat it as markup.", nullable=True)
    permalink = word("Public address.", nullable=True)
    media_url = word(
        "Address of the media; SIFT's permanent one is preferred. Addresses that differ only in "
        "their signature are one: the first is kept, and it may have expired.",
        nullable=True,
    )
    audio_type = word(
        "Instagram: MUSIC or ORIGINAL_SOUND, as it says; licences of music may not cover ads.",
        nullable=True,
    )
    is_ai_generated = dy.Bool(
        nullable=True,
        metadata={"comment": "Instagram: whether it is labelled as made by AI. Null: not said."},
    )
    is_media_url_permanent = flag("Whether media_url is SIFT's, which does not expire.")
    views = count("Last known views.")
    likes = count("Last known likes.")
    comments = count("Last known comments.")
    shares = count("Last known shares.")
    saves = count("Last known saves.")
    first_seen_at = instant("When the pipeline first knew of the post; never moves forward.")
    content_at = instant("Capture that showed the last change of content, counts left out.")
    deleted_at = instant("When its deletion was confirmed; null while it lives.", nullable=True)
    bucket = whole("Partition: posts spread over 16 buckets by their id.")


class PostAliases(dy.Schema):
    """Grain: one row per id under which a post was captured beside the id that stands for it.

    Instagram names a post by its media id in one place and by its shortcode in another. The id
    that was known first stands for the post in every table; others are here.
    """

    platform = platform()
    platform_post_id = key("An id that captures gave the post.")
    same_as = word("The id that stands for the post: platform_post_id of platform_posts.")
    shortcode = word("Shortcode that both show, as their id or in their address.")
    known_at = instant("When the pipeline knew both ids.")


class LookAtPost(dy.Schema):
    """Grain: one row per post, moment and source at which it was looked at, without its metrics."""

    platform = platform()
    platform_post_id = key("The platform's id of the post.")
    captured_at = instant("When the platform showed these values.", in_key=True)
    source = one_of(SOURCES, "Where the values come from.", rule="unknown_source", in_key=True)
    known_at = instant("When the pipeline knew it; as-of always means this.")


class PlatformPostChecks(LookAtPost, Metrics):
    """Grain: one row per post, moment and source at which it was looked at: what was shown.

    Equal repeats are here, which platform_post_metrics leaves out; so this tells a post that
    stood still from one that nobody looked at.
    """

    published_at = instant("Publication as it was named then; null: not named.", nullable=True)
    media_type = one_of(
        MEDIA_TYPES, "Kind of post as named then.", rule="unknown_media_type", nullable=True
    )
    permalink = word("Public address as shown then.", nullable=True)


class SnapshotOfPost(LookAtPost):
    """Grain: one row per post per capture that tells something new, without its metrics."""

    run_id = word("Run that received the capture.")


class PlatformPostMetrics(SnapshotOfPost, Metrics):
    """Grain: one row per post per capture that tells something new of the post.

    Append-only: a capture that shows no metric other than as last known adds nothing. A metric
    that the capture did not ask for or was not shown is null, and says nothing of that metric.
    """

    captured_on = day("Day of the capture; partition.")


class PlatformAccountMetrics(dy.Schema):
    """Grain: one row per account per capture in which its followers changed."""

    platform = platform()
    account_key = key("The account.")
    captured_at = instant("When the platform showed the value.", in_key=True)
    source = one_of(SOURCES, "Where it comes from.", rule="unknown_source", in_key=True)
    known_at = instant("When the pipeline knew it.")
    followers = count("Followers so far.")
    captured_on = day("Day of the capture; partition.")


class PostAndCheck(dy.Schema):
    """Grain: one row per post: the post, and when it was last looked at."""

    platform = platform()
    platform_post_id = key("The platform's id of the post.")
    last_checked_at = instant("Newest capture of the post, equal repeats included.")


class LatestMetrics(PostAndCheck, Metrics, MetricTimes):
    """Grain: one row per post: per metric the last known value, and since when it stood."""


class PlatformPostMetricsLatest(LatestMetrics):
    """Grain: one row per post: per metric the last known value, and since when it stood.

    A metric that vanishes does not erase what was known of it.
    """

    bucket = whole("Partition: posts spread over 16 buckets by their id.")


class PostAbsences(dy.Schema):
    """Grain: one row per post and absence from complete listings of its account.

    Only an OAuth account's complete listing can begin an absence, only a second one confirms it,
    and any later reading that shows the post ends it. Absences stay for good.
    """

    platform = platform()
    platform_post_id = key("The platform's id of the post.")
    missed_at = instant("First complete listing that lacked the post.", in_key=True)
    account_key = word("Account whose listing lacked it.")
    missed_by = word("The reading that first lacked it.")
    confirmed_at = instant("When the deletion counted; null: not confirmed.", nullable=True)
    confirmed_by = word("The reading that confirmed it; null: none yet.", nullable=True)
    held_by = word(
        "Reading that would have confirmed it, had it not been too many at once; "
        "waits for a person. Null: none.",
        nullable=True,
    )
    returned_at = instant("When the post was seen again; null: not since.", nullable=True)
    bucket = whole("Partition: posts spread over 16 buckets by their id.")


class PostCollaborations(dy.Schema):
    """Grain: one row per post of somebody else and account of ours that is its collaborator.

    As the newest reading showed it; where the author hides a count it is null. The post has one
    id, whoever lists it. It is the author's: a collaboration makes no row of platform_posts, and
    brings nothing into a pool.
    """

    platform = platform()
    platform_post_id = key("The platform's id of the post, the same for all who list it.")
    account_key = key("The collaborator, whose token showed it; never the author.")
    author = word("Name of the author's account, as people see it.", nullable=True)
    media_type = one_of(MEDIA_TYPES, "Kind of post.", rule="unknown_media_type", nullable=True)
    published_at = instant("When it was published; null if not reported.", nullable=True)
    caption = word("Newest text, as strangers wrote it: never treat it as markup.", nullable=True)
    permalink = word("Public address.", nullable=True)
    likes = count("Likes so far, without those of ads.")
    comments = count("Comments so far, without those of ads.")
    shares = count("Shares so far.")
    saves = count("Saves so far.")
    reposts = count("Times that people reposted it.")
    total_views = count("Views with those of ads and of Facebook.")
    total_likes = count("Likes with those of ads and of Facebook.")
    total_comments = count("Comments with those of ads and of Facebook.")
    captured_at = instant("The newest reading that listed it. A collaboration that ended stays.")
    first_known_at = instant("When the pipeline first knew of it.")


class ContentContainers(dy.Schema):
    """Grain: one row per post or other creative that may become an ad. Insert-only."""

    container_id = key("platform:post id for posts, kind:slug for others.")
    kind = one_of(CONTAINER_KINDS, "What it wraps.", rule="unknown_kind")
    platform = word("Platform of the post; null for other kinds.", nullable=True)
    platform_post_id = word("Post that it wraps; null for other kinds.", nullable=True)
    created_at = instant("When the container was made: what it wraps was known from here on.")
    bucket = whole("Partition: as in platform_posts for posts, by container_id for others.")

    @dy.rule()
    def posts_alone_have_a_post(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """A post's container names its platform and its post; another names neither."""
        is_post = pl.col("kind") == "post"
        return (pl.col("platform").is_not_null() == is_post) & (
            pl.col("platform_post_id").is_not_null() == is_post
        )
