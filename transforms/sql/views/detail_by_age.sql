-- Grain: one row per whole day of age of a post, from the first age at which it was looked at to
-- the last. Key: age_day. An age without a look has no values.
with

-- import
trends as (select * from post_metric_trends_by_age),

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

ages as (

    select unnest(generate_series(min(age_day), max(age_day))) as age_day
    from looks

),

-- final
final as (

    select
        ages.age_day,
        looks.day_on,
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
    from ages
    left join looks on ages.age_day = looks.age_day

)

select * from final
order by age_day
