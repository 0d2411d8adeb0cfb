-- Grain: one row per post. Key: platform, platform_post_id.
-- Shares are of the interactions that are known; an unknown count has no share and takes none.
with

-- import
counts as (select * from platform_post_metrics_latest),

-- logical
known as (

    select
        platform,
        platform_post_id,
        views,
        likes,
        comments,
        shares,
        saves,
        last_checked_at,
        if(
            coalesce(likes, comments, shares, saves) is null, null,
            coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) + coalesce(saves, 0)
        ) as interactions,
        if(likes is null, 1::bigint, 0) + if(comments is null, 1, 0)
        + if(shares is null, 1, 0) + if(saves is null, 1, 0) as unknown_counts
    from counts

),

-- final
final as (

    select
        platform,
        platform_post_id,
        views,
        likes,
        comments,
        shares,
        saves,
        interactions,
        unknown_counts,
        likes / nullif(interactions, 0) as likes_share_ratio,
        comments / nullif(interactions, 0) as comments_share_ratio,
        shares / nullif(interactions, 0) as shares_share_ratio,
        saves / nullif(interactions, 0) as saves_share_ratio,
        interactions / nullif(views, 0) as interaction_rate,
        last_checked_at
    from known

)

select * from final
