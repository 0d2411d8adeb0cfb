-- Grain: one row per post of $project and day in the project's time zone on which it was looked at.
-- Key: platform, platform_post_id, day_on.
-- A value is the last one that the day's captures showed, null if none did.
with

-- import
zones as (select * from projects),

accounts as (select * from platform_accounts),

allowlist as (select * from project_allowlist),

posts as (select * from platform_posts),

captures as (select * from platform_post_checks),

-- logical
accounts_of_project as (

    select
        platform,
        account_key
    from allowlist
    where project_id = $project
    union
    select
        platform,
        account_key
    from accounts
    where project_id = $project

),

-- Before the joins: here the zone is one for all rows, which spares most of the time.
local_captures as (

    select
        captures.platform,
        captures.platform_post_id,
        captures.captured_at,
        captures.source,
        captures.views,
        captures.likes,
        captures.comments,
        captures.shares,
        captures.saves,
        captures.reach,
        cast(timezone(zones.time_zone, captures.captured_at) as date) as day_on
    from captures
    cross join zones
    where zones.project_id = $project

),

-- final
final as (

    select
        local_captures.platform,
        local_captures.platform_post_id,
        local_captures.day_on,
        count(*) as checks,
        arg_max(
            columns(['views', 'likes', 'comments', 'shares', 'saves', 'reach']),
            (local_captures.captured_at, local_captures.source)
        )
    from local_captures
    inner join posts
        on
            local_captures.platform = posts.platform
            and local_captures.platform_post_id = posts.platform_post_id
    inner join accounts_of_project
        on
            posts.platform = accounts_of_project.platform
            and posts.account_key = accounts_of_project.account_key
    group by all

)

select * from final
