-- Grain: one row per day from $first_day to $last_day on which anything of a creator happened in a
-- project. Key: day_on. Money is per currency and not here.
with

-- import
days as (select * from creator_daily),

-- final
final as (

    select
        day_on,
        cast(sum(posts_synced) as bigint) as posts_synced,
        cast(sum(views_change) as bigint) as views_change,
        cast(sum(likes_change) as bigint) as likes_change,
        cast(sum(comments_change) as bigint) as comments_change,
        cast(sum(shares_change) as bigint) as shares_change,
        cast(sum(saves_change) as bigint) as saves_change
    from days
    where
        project_id = $project_id
        and creator_id = $creator_id
        and day_on between cast($first_day as date) and cast($last_day as date)
    group by day_on

)

select * from final
order by day_on
