-- Grain: one row per post of $project and day in the project's time zone, from the first to the
-- last day on which the post was looked at. Key: platform, platform_post_id, day_on.
-- A value is the last one that the day's captures showed, null if none did. A change is the
-- difference to the day before, null unless both days showed the metric.
with

-- import
zones as (select * from projects),

accounts as (select * from platform_accounts),

allowlist as (select * from project_allowlist),

posts as (select * from platform_posts),

checks as (select * from platform_post_checks),

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
local_checks as (

    select
        checks.platform,
        checks.platform_post_id,
        checks.captured_at,
        checks.source,
        checks.views,
        checks.likes,
        checks.comments,
        checks.shares,
        checks.saves,
        checks.reach,
        cast(timezone(zones.time_zone, checks.captured_at) as date) as day_on
    from checks
    cross join zones
    where zones.project_id = $project

),

shown_by_day as (

    select
        local_checks.platform,
        local_checks.platform_post_id,
        local_checks.day_on,
        count(*) as checks,
        arg_max(local_checks.views, (local_checks.captured_at, local_checks.source)) as views,
        arg_max(local_checks.likes, (local_checks.captured_at, local_checks.source)) as likes,
        arg_max(local_checks.comments, (local_checks.captured_at, local_checks.source)) as comments,
        arg_max(local_checks.shares, (local_checks.captured_at, local_checks.source)) as shares,
        arg_max(local_checks.saves, (local_checks.captured_at, local_checks.source)) as saves,
        arg_max(local_checks.reach, (local_checks.captured_at, local_checks.source)) as reach
    from local_checks
    inner join posts
        on
            local_checks.platform = posts.platform
            and local_checks.platform_post_id = posts.platform_post_id
    inner join accounts_of_project
        on
            posts.platform = accounts_of_project.platform
            and posts.account_key = accounts_of_project.account_key
    group by all

),

days as (

    select
        platform,
        platform_post_id,
        cast(unnest(generate_series(min(day_on), max(day_on), interval 1 day)) as date) as day_on
    from shown_by_day
    group by platform, platform_post_id

),

-- final
final as (

    select
        days.platform,
        days.platform_post_id,
        days.day_on,
        shown_by_day.views,
        shown_by_day.likes,
        shown_by_day.comments,
        shown_by_day.shares,
        shown_by_day.saves,
        shown_by_day.reach,
        coalesce(shown_by_day.checks, 0) as checks,
        shown_by_day.views - lag(shown_by_day.views) over in_order as views_change,
        shown_by_day.likes - lag(shown_by_day.likes) over in_order as likes_change,
        shown_by_day.comments - lag(shown_by_day.comments) over in_order as comments_change,
        shown_by_day.shares - lag(shown_by_day.shares) over in_order as shares_change,
        shown_by_day.saves - lag(shown_by_day.saves) over in_order as saves_change,
        shown_by_day.reach - lag(shown_by_day.reach) over in_order as reach_change
    from days
    left join shown_by_day
        on
            days.platform = shown_by_day.platform
            and days.platform_post_id = shown_by_day.platform_post_id
            and days.day_on = shown_by_day.day_on
    window in_order as (
        partition by days.platform, days.platform_post_id
        order by days.day_on
    )

)

select * from final
order by platform, platform_post_id, day_on
