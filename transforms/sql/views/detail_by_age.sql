-- Grain: one row per whole day of age of the post of content $ads_content_id, from the first age at
-- which it was looked at to the last. Key: age_day. An age without a look has no values.
with

-- import
contents as (select * from content_detail where ads_content_id = $ads_content_id),

trends as (select * from post_metric_trends_by_age),

-- logical
looks as (

    select trends.*
    from trends
    inner join contents
        on
            trends.project_id = contents.project_id
            and trends.platform = contents.platform
            and trends.platform_post_id = contents.platform_post_id

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
