-- Grain: one row per account. Key: account_id. Ages are as of the publication, $as_of.
with

-- import
health as (select * from sync_health),

accounts as (select * from platform_accounts),

posts as (select * from platform_posts),

counts as (select * from platform_post_metrics_latest),

shown as (select * from platform_account_metrics),

-- logical
posts_of_account as (

    select
        posts.platform,
        posts.account_key,
        count(*) as posts,
        count(posts.deleted_at) as deleted_posts,
        max(posts.published_at) as newest_published_at,
        max(counts.last_checked_at) as last_checked_at
    from posts
    left join counts
        on
            posts.platform = counts.platform
            and posts.platform_post_id = counts.platform_post_id
    group by posts.platform, posts.account_key

),

followers as (

    select
        platform,
        account_key,
        arg_max(followers, (captured_at, source)) as followers
    from shown
    group by platform, account_key

),

-- final
final as (

    select
        health.account_id,
        health.platform,
        health.account_key,
        health.name,
        health.connection,
        health.status,
        accounts.project_id,
        accounts.creator_id,
        health.is_healthy,
        health.problem,
        health.remedy,
        health.retry_at,
        accounts.last_outcome,
        accounts.last_message,
        accounts.last_success_at,
        (epoch_us($as_of) - epoch_us(accounts.last_success_at))
        / 3600000000 as success_age_hours,
        posts_of_account.last_checked_at,
        (epoch_us($as_of) - epoch_us(posts_of_account.last_checked_at))
        / 3600000000 as checked_age_hours,
        coalesce(posts_of_account.posts, 0) as posts,
        coalesce(posts_of_account.deleted_posts, 0) as deleted_posts,
        posts_of_account.newest_published_at,
        followers.followers
    from health
    left join accounts on health.account_id = accounts.account_id
    left join posts_of_account
        on
            health.platform = posts_of_account.platform
            and health.account_key = posts_of_account.account_key
    left join followers
        on
            health.platform = followers.platform
            and health.account_key = followers.account_key

)

select * from final
