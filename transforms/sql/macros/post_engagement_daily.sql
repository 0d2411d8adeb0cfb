-- Grain: one row per post of $project and day in the project's time zone, from the first to the
-- last day on which the post was looked at. Key: platform, platform_post_id, day_on.
-- A value is the last one that the day's captures showed, null if none did. A change is the
-- difference to the day before, null unless both days showed the metric.
with

-- import
checked as (select * from checks_by_day($project)),

-- logical
days as (

    select
        platform,
        platform_post_id,
        cast(unnest(generate_series(min(day_on), max(day_on), interval 1 day)) as date) as day_on
    from checked
    group by platform, platform_post_id

),

-- final
final as (

    select
        days.platform,
        days.platform_post_id,
        days.day_on,
        checked.views,
        checked.likes,
        checked.comments,
        checked.shares,
        checked.saves,
        checked.reach,
        coalesce(checked.checks, 0) as checks,
        checked.views - lag(checked.views) over in_order as views_change,
        checked.likes - lag(checked.likes) over in_order as likes_change,
        checked.comments - lag(checked.comments) over in_order as comments_change,
        checked.shares - lag(checked.shares) over in_order as shares_change,
        checked.saves - lag(checked.saves) over in_order as saves_change,
        checked.reach - lag(checked.reach) over in_order as reach_change
    from days
    left join checked
        on
            days.platform = checked.platform
            and days.platform_post_id = checked.platform_post_id
            and days.day_on = checked.day_on
    window in_order as (
        partition by days.platform, days.platform_post_id
        order by days.day_on
    )

)

select * from final
order by platform, platform_post_id, day_on
