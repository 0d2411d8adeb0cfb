-- Grain: one row per project, post and day of the project's time zone on which the post was looked
-- at. Key: project_id, platform, platform_post_id, day_on. Days from $first_day to $last_day.
-- A value is the last one that the day's captures showed, null if none did. A change is the
-- difference to the day before, null unless both days showed the metric; it may be negative.
with

-- import
accounts as (select * from project_accounts),

posts as (select * from platform_posts),

-- A day before the first, for its changes; and zones lie up to 14 hours off.
captures as (

    select *
    from platform_post_checks
    where
        captured_at >= timezone('UTC', cast($first_day as timestamp)) - interval 38 hours
        and captured_at < timezone('UTC', cast($last_day as timestamp)) + interval 38 hours

),

-- logical
-- No day ends within a quarter of an hour; asking the zone for each row takes most of the time.
quarters as (

    select
        unnest(generate_series(
            timezone('UTC', cast($first_day as timestamp)) - interval 38 hours,
            timezone('UTC', cast($last_day as timestamp)) + interval 38 hours,
            interval 15 minutes
        )) as began_at

),

zones as (select distinct time_zone from accounts),

local_days as (

    select
        zones.time_zone,
        epoch_us(quarters.began_at) // 900000000 as quarter_hour,
        cast(timezone(zones.time_zone, quarters.began_at) as date) as day_on
    from quarters
    cross join zones

),

captures_of_projects as materialized (

    select
        accounts.project_id,
        captures.platform,
        captures.platform_post_id,
        posts.account_key,
        posts.published_at,
        captures.captured_at,
        captures.source,
        captures.views,
        captures.likes,
        captures.comments,
        captures.shares,
        captures.saves,
        captures.reach,
        accounts.time_zone,
        epoch_us(captures.captured_at) // 900000000 as quarter_hour
    from captures
    inner join posts
        on
            captures.platform = posts.platform
            and captures.platform_post_id = posts.platform_post_id
    inner join accounts
        on
            posts.platform = accounts.platform
            and posts.account_key = accounts.account_key

),

local_captures as (

    select
        captures_of_projects.*,
        local_days.day_on
    from captures_of_projects
    inner join local_days
        on
            captures_of_projects.time_zone = local_days.time_zone
            and captures_of_projects.quarter_hour = local_days.quarter_hour
    where local_days.day_on between cast($first_day as date) - 1 and $last_day

),

days as (

    select
        project_id,
        platform,
        platform_post_id,
        day_on,
        any_value(account_key) as account_key,
        count(*) as checks,
        max(captured_at) as last_checked_at,
        (epoch_us(max(captured_at)) - epoch_us(any_value(published_at))) / 86400000000 as age_days,
        arg_max(views, (captured_at, source)) as views,
        arg_max(likes, (captured_at, source)) as likes,
        arg_max(comments, (captured_at, source)) as comments,
        arg_max(shares, (captured_at, source)) as shares,
        arg_max(saves, (captured_at, source)) as saves,
        arg_max(reach, (captured_at, source)) as reach
    from local_captures
    group by project_id, platform, platform_post_id, day_on

),

-- final
final as (

    select
        days.project_id,
        days.platform,
        days.platform_post_id,
        days.day_on,
        days.account_key,
        days.checks,
        days.last_checked_at,
        days.age_days,
        cast(floor(days.age_days) as bigint) as age_day,
        days.views,
        days.likes,
        days.comments,
        days.shares,
        days.saves,
        days.reach,
        days.views - day_before.views as views_change,
        days.likes - day_before.likes as likes_change,
        days.comments - day_before.comments as comments_change,
        days.shares - day_before.shares as shares_change,
        days.saves - day_before.saves as saves_change,
        if(
            coalesce(likes_change, comments_change, shares_change, saves_change) is null, null,
            coalesce(likes_change, 0) + coalesce(comments_change, 0)
            + coalesce(shares_change, 0) + coalesce(saves_change, 0)
        ) as interactions_change
    from days
    left join days as day_before
        on
            days.project_id = day_before.project_id
            and days.platform = day_before.platform
            and days.platform_post_id = day_before.platform_post_id
            and days.day_on = day_before.day_on + 1
    where days.day_on between $first_day and $last_day

)

select * from final
