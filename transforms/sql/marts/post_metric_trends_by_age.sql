-- Grain: one row per project, post and whole day of its age on which it was looked at. Key:
-- project_id, platform, platform_post_id, age_day. The last day of post_metric_trends of that age
-- speaks for it; a change is the difference to the age one day younger, null unless both are known.
with

-- import
trends as (select * from post_metric_trends),

-- logical
ages as (

    select
        project_id,
        platform,
        platform_post_id,
        age_day,
        max(day_on) as day_on,
        arg_max(views, day_on) as views,
        arg_max(likes, day_on) as likes,
        arg_max(comments, day_on) as comments,
        arg_max(shares, day_on) as shares,
        arg_max(saves, day_on) as saves,
        arg_max(reach, day_on) as reach
    from trends
    where age_day is not null
    group by project_id, platform, platform_post_id, age_day

),

in_order as (

    select
        ages.*,
        lag(ages.age_day) over each_post = ages.age_day - 1 as follows_a_day,
        lag(ages.views) over each_post as views_before,
        lag(ages.likes) over each_post as likes_before,
        lag(ages.comments) over each_post as comments_before,
        lag(ages.shares) over each_post as shares_before,
        lag(ages.saves) over each_post as saves_before
    from ages
    window each_post as (
        partition by ages.project_id, ages.platform, ages.platform_post_id
        order by ages.age_day
    )

),

-- final
final as (

    select
        project_id,
        platform,
        platform_post_id,
        age_day,
        day_on,
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
        if(follows_a_day, saves - saves_before, null) as saves_change
    from in_order

)

select * from final
