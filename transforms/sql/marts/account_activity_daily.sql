-- Grain: one row per project, account and day of the project's time zone on which any of its posts
-- was looked at. Key: project_id, platform, account_key, day_on. Days from $first_day to $last_day.
with

-- import
trends as (select * from post_metric_trends),

-- final
final as (

    select
        project_id,
        platform,
        account_key,
        day_on,
        count(*) as posts_looked_at,
        count(views_change) as posts_with_views_change,
        cast(sum(views_change) as bigint) as views_change,
        cast(sum(likes_change) as bigint) as likes_change,
        cast(sum(comments_change) as bigint) as comments_change,
        cast(sum(shares_change) as bigint) as shares_change,
        cast(sum(saves_change) as bigint) as saves_change,
        cast(sum(interactions_change) as bigint) as interactions_change
    from trends
    where day_on between $first_day and $last_day
    group by project_id, platform, account_key, day_on

)

select * from final
