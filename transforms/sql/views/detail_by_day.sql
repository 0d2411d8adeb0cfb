-- Grain: one row per day of the project's time zone from the first look at a post to the last. Key:
-- day_on. A day without a look has no values: a chart shows a gap.
with

-- import
trends as (select * from post_metric_trends),

-- logical
-- Values rather than a join: only so is the post looked for before days are put together.
looks as (

    select *
    from trends
    where
        project_id = $project_id
        and platform = $platform
        and platform_post_id = $platform_post_id

),

days as (

    select unnest(generate_series(min(day_on), max(day_on), interval 1 day))::date as day_on
    from looks

),

-- final
final as (

    select
        days.day_on,
        coalesce(looks.checks, 0) as checks,
        looks.last_checked_at,
        looks.age_days,
        looks.views,
        looks.likes,
        looks.comments,
        looks.shares,
        looks.saves,
        looks.reach,
        looks.views_change,
        looks.likes_change,
        looks.comments_change,
        looks.shares_change,
        looks.saves_change
    from days
    left join looks on days.day_on = looks.day_on

)

select * from final
order by day_on
