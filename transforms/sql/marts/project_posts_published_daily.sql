-- Grain: one row per project and day of its time zone on which posts of its accounts were
-- published. Key: project_id, day_on. Counts are the last known of those posts, deleted ones too.
with

-- import
accounts as (select * from project_accounts),

posts as (select * from platform_posts),

counts as (select * from platform_post_metrics_latest),

-- final
final as (

    select
        accounts.project_id,
        cast(timezone(accounts.time_zone, posts.published_at) as date) as day_on,
        count(*) as published_posts,
        cast(sum(counts.views) as bigint) as published_views,
        cast(sum(counts.likes) as bigint) as published_likes,
        cast(sum(counts.comments) as bigint) as published_comments,
        cast(sum(counts.shares) as bigint) as published_shares,
        cast(sum(counts.saves) as bigint) as published_saves
    from posts
    inner join accounts
        on
            posts.platform = accounts.platform
            and posts.account_key = accounts.account_key
    left join counts
        on
            posts.platform = counts.platform
            and posts.platform_post_id = counts.platform_post_id
    where posts.published_at is not null
    group by all

)

select * from final
