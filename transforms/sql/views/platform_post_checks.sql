-- Grain: one row per post, moment and source at which it was looked at.
-- Key: platform, platform_post_id, captured_at, source.
-- Captures of one moment and source are one, as in platform_post_metrics: what was known first
-- stands, and of that each metric takes the larger value, but for a count that is the smaller
-- one rounded: 1.8M beside 1,776,621.
with

-- import
captures as (select * from $captures),

-- logical
known_first as (

    select *
    from captures
    qualify
        known_at = min(known_at) over (
            partition by platform, platform_post_id, captured_at, source
        )

),

-- logical
larger as (

    select
        platform,
        platform_post_id,
        captured_at,
        source,
        known_at,
        max(
            columns(
                * exclude (
                    platform, platform_post_id, captured_at, source, known_at,
                    views, likes, comments, shares, saves
                )
            )
        ),
        case
            -- Nearly always; the rest is looked at only where two captures differ.
            when
                max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                = min(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                then max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
            when
                min(columns(['views', 'likes', 'comments', 'shares', 'saves'])) % 100 <> 0
                and 2 * (
                    max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                    - min(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                ) <= list_max(
                    list_filter(
                        [100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000],
                        lambda unit:
                        max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                        % unit = 0
                        and max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
                        >= 10 * unit::bigint
                    )
                )
                then min(columns(['views', 'likes', 'comments', 'shares', 'saves']))
            else max(columns(['views', 'likes', 'comments', 'shares', 'saves']))
        end as "\0" -- noqa: RF05
    from known_first
    group by platform, platform_post_id, captured_at, source, known_at

),

-- final
final as (

    -- In the order of the captures' columns.
    select * from captures
    where false
    union all by name
    select * from larger

)

select * from final
