-- Grain: one row per UTC day, platform, media type and metric that any capture of the day showed.
-- Key: day_on, platform, media_type, metric. Days from $first_day to $last_day.
with

-- import
captures as (

    select *
    from platform_post_checks
    where
        captured_at >= timezone('UTC', cast($first_day as timestamp))
        and captured_at < timezone('UTC', cast($last_day as timestamp)) + interval 1 day

),

posts as (select * from platform_posts),

-- logical
counted as (

    select
        -- The same as asking for the zone UTC, at a tenth of its cost.
        date '1970-01-01'
        + cast(epoch_us(captures.captured_at) // 86400000000 as integer) as day_on,
        captures.platform,
        coalesce(posts.media_type, 'unknown') as media_type,
        count(*) as captures,
        -- noqa: disable=LT05
        unnest([
            { 'metric': 'views', 'shown_in': count(captures.views) },
            { 'metric': 'likes', 'shown_in': count(captures.likes) },
            { 'metric': 'comments', 'shown_in': count(captures.comments) },
            { 'metric': 'shares', 'shown_in': count(captures.shares) },
            { 'metric': 'saves', 'shown_in': count(captures.saves) },
            { 'metric': 'reach', 'shown_in': count(captures.reach) },
            { 'metric': 'total_interactions', 'shown_in': count(captures.total_interactions) },
            { 'metric': 'follows', 'shown_in': count(captures.follows) },
            { 'metric': 'profile_visits', 'shown_in': count(captures.profile_visits) },
            { 'metric': 'profile_activity', 'shown_in': count(captures.profile_activity) },
            { 'metric': 'profile_activity_bio_link_clicked', 'shown_in': count(captures.profile_activity_bio_link_clicked) },
            { 'metric': 'profile_activity_call', 'shown_in': count(captures.profile_activity_call) },
            { 'metric': 'profile_activity_direction', 'shown_in': count(captures.profile_activity_direction) },
            { 'metric': 'profile_activity_email', 'shown_in': count(captures.profile_activity_email) },
            { 'metric': 'profile_activity_text', 'shown_in': count(captures.profile_activity_text) },
            { 'metric': 'profile_activity_other', 'shown_in': count(captures.profile_activity_other) },
            { 'metric': 'replies', 'shown_in': count(captures.replies) },
            { 'metric': 'navigation', 'shown_in': count(captures.navigation) },
            { 'metric': 'navigation_tap_forward', 'shown_in': count(captures.navigation_tap_forward) },
            { 'metric': 'navigation_tap_back', 'shown_in': count(captures.navigation_tap_back) },
            { 'metric': 'navigation_tap_exit', 'shown_in': count(captures.navigation_tap_exit) },
            { 'metric': 'navigation_swipe_forward', 'shown_in': count(captures.navigation_swipe_forward) },
            { 'metric': 'average_watch_time_ms', 'shown_in': count(captures.average_watch_time_ms) },
            { 'metric': 'total_watch_time_ms', 'shown_in': count(captures.total_watch_time_ms) },
            { 'metric': 'total_views', 'shown_in': count(captures.total_views) },
            { 'metric': 'total_likes', 'shown_in': count(captures.total_likes) },
            { 'metric': 'total_comments', 'shown_in': count(captures.total_comments) },
            { 'metric': 'reposts', 'shown_in': count(captures.reposts) },
            { 'metric': 'link_clicks', 'shown_in': count(captures.link_clicks) },
            { 'metric': 'facebook_views', 'shown_in': count(captures.facebook_views) },
            { 'metric': 'average_watch_time_s', 'shown_in': count(captures.average_watch_time_s) },
            { 'metric': 'total_watch_time_s', 'shown_in': count(captures.total_watch_time_s) },
            { 'metric': 'full_watch_rate', 'shown_in': count(captures.full_watch_rate) },
            { 'metric': 'skip_rate', 'shown_in': count(captures.skip_rate) },
            { 'metric': 'skip_rate_raw', 'shown_in': count(captures.skip_rate_raw) }
        ]) as piece
        -- noqa: enable=LT05
    from captures
    inner join posts
        on
            captures.platform = posts.platform
            and captures.platform_post_id = posts.platform_post_id
    group by all

),

-- final
final as (

    select
        counted.day_on,
        counted.platform,
        counted.media_type,
        counted.piece.metric,
        counted.captures,
        counted.piece.shown_in
    from counted
    where counted.piece.shown_in > 0

)

select * from final
