-- Grain: one row per post of which anything was known at $as_of. Key: platform, platform_post_id.
-- Each moment is the first capture of the run of equal counts that the last known one ends, as in
-- platform_post_metrics_latest: so it is the same in whatever order captures came.
with

-- import
snapshots as (select * from platform_post_metrics),

-- logical
in_order as (

    select
        platform,
        platform_post_id,
        captured_at,
        views is not null and views is distinct from lag(views ignore nulls) over each_post
            as is_new_views,
        likes is not null and likes is distinct from lag(likes ignore nulls) over each_post
            as is_new_likes,
        comments is not null
        and comments is distinct from lag(comments ignore nulls) over each_post
            as is_new_comments,
        shares is not null and shares is distinct from lag(shares ignore nulls) over each_post
            as is_new_shares,
        saves is not null and saves is distinct from lag(saves ignore nulls) over each_post
            as is_new_saves
    from snapshots
    where known_at <= $as_of
    window each_post as (
        partition by platform, platform_post_id
        order by captured_at, source
    )

),

-- final
final as (

    select
        platform,
        platform_post_id,
        max(captured_at) filter (where is_new_views) as views_at,
        max(captured_at) filter (where is_new_likes) as likes_at,
        max(captured_at) filter (where is_new_comments) as comments_at,
        max(captured_at) filter (where is_new_shares) as shares_at,
        max(captured_at) filter (where is_new_saves) as saves_at
    from in_order
    group by platform, platform_post_id

)

select * from final
