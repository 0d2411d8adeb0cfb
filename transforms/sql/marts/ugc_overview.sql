-- Grain: one row per project, platform and media type of its UGC posts. Key: project_id, platform,
-- media_type. Counts of posts add up over rows; medians and means do not.
with

-- import
contents as (select * from content_detail),

-- final
final as (

    select
        project_id,
        platform,
        coalesce(media_type, 'unknown') as media_type,
        count(*) as posts,
        count(*) filter (where is_deleted) as deleted_posts,
        count(*) filter (where published_at is null) as posts_without_date,
        count(views) as posts_with_views,
        count(*) filter (where reason = 'below_min_views') as posts_below_min_views,
        count(*) filter (where reason = 'views_unknown') as posts_views_unknown,
        count(*) filter (where reason in ('pool_too_small', 'never_scored')) as posts_never_scored,
        count(*) filter (where is_eligible) as eligible_posts,
        count(*) filter (where is_running) as running_posts,
        cast(sum(views) as bigint) as views,
        cast(sum(likes) as bigint) as likes,
        cast(sum(comments) as bigint) as comments,
        cast(sum(shares) as bigint) as shares,
        cast(sum(saves) as bigint) as saves,
        median(views) as median_views,
        avg(organic_score) filter (where reason in ('score', 'below_threshold')) as mean_score,
        max(published_at) as newest_published_at
    from contents
    where scoring_pool = 'ugc'
    group by all

)

select * from final
