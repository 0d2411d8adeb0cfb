-- Grain: one row per post that was known at $as_of. Key: platform, platform_post_id.
-- Each count is its last known value at that moment.
with

-- import
posts as (select * from platform_posts),

snapshots as (select * from platform_post_metrics),

-- logical
known_snapshots as (

    select *
    from snapshots
    where known_at <= $as_of

),

known_counts as (

    select
        platform,
        platform_post_id,
        min(known_at) as known_since,
        arg_max(views, (captured_at, source)) as views,
        arg_max(likes, (captured_at, source)) as likes,
        arg_max(comments, (captured_at, source)) as comments,
        arg_max(shares, (captured_at, source)) as shares,
        arg_max(saves, (captured_at, source)) as saves
    from known_snapshots
    group by platform, platform_post_id

),

-- final
final as (

    select
        known_counts.platform,
        known_counts.platform_post_id,
        posts.account_key,
        posts.media_type,
        posts.published_at,
        posts.permalink,
        known_counts.known_since,
        known_counts.views,
        known_counts.likes,
        known_counts.comments,
        known_counts.shares,
        known_counts.saves,
        coalesce(posts.deleted_at <= $as_of, false) as is_deleted
    from known_counts
    inner join posts
        on
            known_counts.platform = posts.platform
            and known_counts.platform_post_id = posts.platform_post_id

)

select * from final
