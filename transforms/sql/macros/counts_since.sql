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
        views,
        lag(views ignore nulls) over each_post as views_before,
        likes,
        lag(likes ignore nulls) over each_post as likes_before,
        comments,
        lag(comments ignore nulls) over each_post as comments_before,
        shares,
        lag(shares ignore nulls) over each_post as shares_before,
        saves,
        lag(saves ignore nulls) over each_post as saves_before
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
        max(captured_at) filter (
            where views is not null and views is distinct from views_before
        ) as views_at,
        max(captured_at) filter (
            where likes is not null and likes is distinct from likes_before
        ) as likes_at,
        max(captured_at) filter (
            where comments is not null and comments is distinct from comments_before
        ) as comments_at,
        max(captured_at) filter (
            where shares is not null and shares is distinct from shares_before
        ) as shares_at,
        max(captured_at) filter (
            where saves is not null and saves is distinct from saves_before
        ) as saves_at
    from in_order
    group by platform, platform_post_id

)

select * from final
