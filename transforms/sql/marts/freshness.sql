-- Grain: one row per subject and part of it that grows old: how fresh this file is. Key: subject,
-- part. Ages are as of the publication, $as_of. A part that nothing is known of has no row.
with

-- import
counts as (select * from platform_post_metrics_latest),

followers as (select * from platform_account_metrics),

accounts as (select * from platform_accounts),

judged as (select * from ad_eligibility_current),

ad_days as (select * from ad_daily_metrics_current),

-- logical
newest as (

    select
        'counts of posts' as subject,
        platform as part,
        max(last_checked_at) as newest_at
    from counts
    group by platform
    union all
    select
        'followers' as subject,
        platform as part,
        max(captured_at) as newest_at
    from followers
    group by platform
    union all
    select
        'syncs' as subject,
        platform as part,
        max(last_success_at) as newest_at
    from accounts
    group by platform
    union all
    select
        'scores' as subject,
        project_id as part,
        max(scored_at) as newest_at
    from judged
    group by project_id
    union all
    select
        'figures of ads' as subject,
        ad_platform as part,
        max(known_at) as newest_at
    from ad_days
    group by ad_platform

),

-- final
final as (

    select
        subject,
        part,
        newest_at,
        (epoch_us($as_of) - epoch_us(newest_at)) / 3600000000 as age_hours
    from newest
    where newest_at is not null

)

select * from final
