-- Grain: one row per snapshot of one post. Key: platform, platform_post_id, captured_at, source.
-- $post is a post id, a container id or an ads content id.
-- Values are as shown: null where the snapshot did not show the metric. A change is the difference
-- to the snapshot before that showed the metric; it may be negative, and the first is null.
with

-- import
snapshots as (select * from platform_post_metrics),

-- final
final as (

    select
        platform,
        platform_post_id,
        captured_at,
        source,
        views,
        likes,
        comments,
        shares,
        saves,
        reach,
        views - lag(views ignore nulls) over in_order as views_change,
        likes - lag(likes ignore nulls) over in_order as likes_change,
        comments - lag(comments ignore nulls) over in_order as comments_change,
        shares - lag(shares ignore nulls) over in_order as shares_change,
        saves - lag(saves ignore nulls) over in_order as saves_change,
        reach - lag(reach ignore nulls) over in_order as reach_change
    from snapshots
    where container_of($post) in (platform_post_id, platform || ':' || platform_post_id)
    window in_order as (
        partition by platform, platform_post_id
        order by captured_at, source
    )

)

select * from final
order by platform, platform_post_id, captured_at, source
