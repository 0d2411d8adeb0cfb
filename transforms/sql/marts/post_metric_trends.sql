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
local_captures as (

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
        cast(timezone(accounts.time_zone, captures.captured_at) as date) as day_on
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

days as (

    select
        project_id,
        platform,
        platform_post_id,
        day_on,
        any_value(account_key) as account_key,
        count(*) as checks,
        max(captured_at) as last_checked_at,
        epoch(max(captured_at) - any_value(published_at)) / 86400 as age_days,
        arg_max(views, (captured_at, source)) as views,
        arg_max(likes, (captured_at, source)) as likes,
        arg_max(comments, (captured_at, source)) as comments,
        arg_max(shares, (captured_at, source)) as shares,
        arg_max(saves, (captured_at, source)) as saves,
        arg_max(reach, (captured_at, source)) as reach
    from local_captures
    where day_on between cast($first_day as date) - 1 and $last_day
    group by project_id, platform, platform_post_id, day_on

),

in_order as (

    select
        days.*,
        floor(days.age_days) as age_day,
        lag(days.day_on) over each_post = days.day_on - 1 as follows_a_day,
        lag(days.views) over each_post as views_before,
        lag(days.likes) over each_post as likes_before,
        lag(days.comments) over each_post as comments_before,
        lag(days.shares) over each_post as shares_before,
        lag(days.saves) over each_post as saves_before
    from days
    window each_post as (
        partition by days.project_id, days.platform, days.platform_post_id
        order by days.day_on
    )

),

-- final
final as (

    select
        project_id,
        platform,
        platform_post_id,
        day_on,
        account_key,
        checks,
        last_checked_at,
        age_days,
        cast(age_day as bigint) as age_day,
        views,
        likes,
        comments,
        shares,
        saves,
        reach,
        if(follows_a_day, views - views_before, null) as views_change,
        if(follows_a_day, likes - likes_before, null) as likes_change,
        if(follows_a_day, comments - comments_before, null) as comments_change,
        if(follows_a_day, shares - shares_before, null) as shares_change,
        if(follows_a_day, saves - saves_before, null) as saves_change,
        if(
            coalesce(likes_change, comments_change, shares_change, saves_change) is null, null,
            coalesce(likes_change, 0) + coalesce(comments_change, 0)
            + coalesce(shares_change, 0) + coalesce(saves_change, 0)
        ) as interactions_change
    from in_order
    where day_on between $first_day and $last_day

)

select * from final
