-- Grain: one row per post that was known at $as_of. Key: platform, platform_post_id.
-- Each metric is its last known value at that moment; arg_max passes over nulls.
with

-- import
posts as (select * from platform_posts),

absences as (select * from post_absences),

snapshots as (select * from platform_post_metrics),

-- logical
known_snapshots as (

    select * exclude (run_id)
    from snapshots
    where known_at <= $as_of

),

known_metrics as (

    select
        platform,
        platform_post_id,
        min(known_at) as known_since,
        arg_max(
            columns(* exclude (platform, platform_post_id, captured_at, source, known_at)),
            (captured_at, source)
        )
    from known_snapshots
    group by platform, platform_post_id

),

deleted_posts as (

    select distinct
        platform,
        platform_post_id
    from absences
    where confirmed_at <= $as_of and (returned_at is null or returned_at > $as_of)

),

-- final
final as (

    select
        posts.platform,
        posts.platform_post_id,
        posts.account_key,
        posts.media_type,
        posts.published_at,
        posts.permalink,
        known_metrics.known_since,
        known_metrics.views,
        known_metrics.likes,
        known_metrics.comments,
        known_metrics.shares,
        known_metrics.saves,
        known_metrics.reach,
        known_metrics.total_interactions,
        known_metrics.follows,
        known_metrics.profile_visits,
        known_metrics.profile_activity,
        known_metrics.profile_activity_bio_link_clicked,
        known_metrics.profile_activity_call,
        known_metrics.profile_activity_direction,
        known_metrics.profile_activity_email,
        known_metrics.profile_activity_text,
        known_metrics.profile_activity_other,
        known_metrics.replies,
        known_metrics.navigation,
        known_metrics.navigation_tap_forward,
        known_metrics.navigation_tap_back,
        known_metrics.navigation_tap_exit,
        known_metrics.navigation_swipe_forward,
        known_metrics.average_watch_time_ms,
        known_metrics.total_watch_time_ms,
        known_metrics.average_watch_time_s,
        known_metrics.total_watch_time_s,
        known_metrics.full_watch_rate,
        known_metrics.skip_rate,
        known_metrics.skip_rate_raw,
        deleted_posts.platform_post_id is not null as is_deleted
    from known_metrics
    inner join posts
        on
            known_metrics.platform = posts.platform
            and known_metrics.platform_post_id = posts.platform_post_id
    left join deleted_posts
        on
            known_metrics.platform = deleted_posts.platform
            and known_metrics.platform_post_id = deleted_posts.platform_post_id

)

select * from final
