-- Grain: one row per project and creator on its allowlist, now or before. Key: project_id,
-- creator_id. Periods are the 28 days of the project's zone before the day of $as_of, which is not
-- over, and the 28 before them. Ranks begin at 1; creators without the figure have none.
with

-- import
accounts as (select * from project_accounts),

contents as (select * from content_detail),

activity as (select * from account_activity_daily),

-- logical
creators as (

    select
        project_id,
        creator_id,
        count(*) as listed_accounts,
        bool_or(is_listed) as is_listed
    from accounts
    where creator_id is not null and not is_own
    group by project_id, creator_id

),

-- Asking a zone for the day costs more than all else: once per account, not per day.
days as (

    select
        project_id,
        platform,
        account_key,
        creator_id,
        cast(timezone(time_zone, $as_of) as date) as today
    from accounts

),

won as (

    select
        activity.project_id,
        days.creator_id,
        days.today - activity.day_on as days_ago,
        activity.views_change,
        activity.likes_change
    from activity
    inner join days
        on
            activity.project_id = days.project_id
            and activity.platform = days.platform
            and activity.account_key = days.account_key

),

periods as (

    select
        project_id,
        creator_id,
        cast(sum(views_change) filter (where days_ago between 1 and 28) as bigint) as views_28d,
        cast(sum(views_change) filter (where days_ago between 29 and 56) as bigint)
            as views_28d_before,
        cast(sum(likes_change) filter (where days_ago between 1 and 28) as bigint) as likes_28d
    from won
    group by project_id, creator_id

),

posts as (

    select
        project_id,
        creator_id,
        count(*) as posts,
        count(*) filter (where is_deleted) as deleted_posts,
        count(*) filter (where is_eligible) as eligible_posts,
        count(*) filter (where running_ads > 0) as running_posts,
        cast(sum(views) as bigint) as views,
        max(organic_score) as best_score,
        avg(organic_score) filter (where reason in ('score', 'below_threshold')) as mean_score,
        max(published_at) as newest_published_at
    from contents
    group by project_id, creator_id

),

-- final
final as (

    select
        creators.*,
        coalesce(posts.posts, 0) as posts,
        coalesce(posts.deleted_posts, 0) as deleted_posts,
        coalesce(posts.eligible_posts, 0) as eligible_posts,
        coalesce(posts.running_posts, 0) as running_posts,
        posts.views,
        periods.views_28d,
        periods.views_28d_before,
        periods.likes_28d,
        posts.best_score,
        posts.mean_score,
        posts.newest_published_at,
        if(periods.views_28d is null, null, rank() over (
            partition by creators.project_id order by periods.views_28d desc nulls last
        )) as views_28d_rank
    from creators
    left join periods
        on
            creators.project_id = periods.project_id
            and creators.creator_id = periods.creator_id
    left join posts
        on
            creators.project_id = posts.project_id
            and creators.creator_id = posts.creator_id

)

select * from final
