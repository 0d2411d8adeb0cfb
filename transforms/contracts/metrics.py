"""Every metric of a post, as columns that captures, snapshots and the last known values share.

Belongs here: names, types, units and meanings of metrics, and the time of each value.
Does not belong here: tables, and how a platform calls a metric.
"""

from typing import Any, cast

import dataframely as dy

from transforms.contracts.columns import (
    MEANING_OF_NULL,
    METRICS,
    count,
    instant,
    note,
    ratio,
)


def measure(text: str) -> dy.Float64:
    """A number with decimals as a platform reports it; may be null, never negative."""
    return dy.Float64(nullable=True, min=0.0, metadata=note(f"{text} {MEANING_OF_NULL}"))


class Metrics(dy.Schema):
    """Grain: that of the table that takes these columns over: metrics of one post at one moment."""

    views = count("Plays or views so far; of Instagram insights the organic ones on Instagram.")
    likes = count("Likes so far; may fall, as people take likes back.")
    comments = count("Comments so far.")
    shares = count("Shares so far.")
    saves = count("Saves or favourites so far.")
    reach = count("Accounts reached so far; the platform's estimate, never to be added up.")
    total_interactions = count("Instagram: likes, saves, comments and shares less those undone.")
    follows = count("Followers won through the post.")
    profile_visits = count("Visits of the profile after seeing the post.")
    profile_activity = count("Instagram feed: actions on the profile after seeing the post.")
    profile_activity_bio_link_clicked = count("Of profile_activity: link in the bio.")
    profile_activity_call = count("Of profile_activity: call.")
    profile_activity_direction = count("Of profile_activity: directions.")
    profile_activity_email = count("Of profile_activity: e-mail.")
    profile_activity_text = count("Of profile_activity: text message.")
    profile_activity_other = count("Of profile_activity: anything else.")
    replies = count("Instagram stories: replies; always 0 for accounts in Europe and Japan.")
    navigation = count("Instagram stories: taps and swipes in all.")
    navigation_tap_forward = count("Of navigation: forward.")
    navigation_tap_back = count("Of navigation: back.")
    navigation_tap_exit = count("Of navigation: left the stories.")
    navigation_swipe_forward = count("Of navigation: on to the next account.")
    average_watch_time_ms = count("Instagram reels: average time watched. Milliseconds.")
    total_watch_time_ms = count("Instagram reels: time watched, replays included. Milliseconds.")
    total_views = count("Instagram: views with those of ads and of Facebook; never in a score.")
    total_likes = count("Instagram: likes with those of ads and of Facebook; never in a score.")
    total_comments = count("Instagram: comments, those of ads and of Facebook included.")
    reposts = count("Instagram: times that people reposted it.")
    link_clicks = count("Instagram stories: taps on links.")
    facebook_views = count("Instagram: views on Facebook, of what is shared there.")
    average_watch_time_s = measure("TikTok: average time watched. Seconds.")
    total_watch_time_s = measure("TikTok: time watched in all. Seconds.")
    full_watch_rate = ratio(f"TikTok: share of views to the end. {MEANING_OF_NULL}")
    skip_rate = ratio(f"Instagram reels: share of views left within 3 seconds. {MEANING_OF_NULL}")
    skip_rate_raw = measure("skip_rate as the platform shows it; its unit is not documented.")


def _times() -> dict[str, dy.Datetime]:
    return {
        f"{name}_at": instant(f"Capture that first showed this run of equal {name}.", nullable=True)
        for name in METRICS
    }


MetricTimes = cast("type[dy.Schema]", type("MetricTimes", (dy.Schema,), cast("Any", _times())))
MetricTimes.__doc__ = "Grain: that of the table that takes these columns over: times of values."
