-- Grain: one row per post, moment and source at which it was looked at.
-- Key: platform, platform_post_id, captured_at, source.
-- Captures of one moment and source are one, as in platform_post_metrics: what was known first
-- stands, and of that each metric takes the larger value.
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

-- final
final as (

    select
        platform,
        platform_post_id,
        captured_at,
        source,
        known_at,
        max(
            columns(* exclude (platform, platform_post_id, captured_at, source, known_at))
        )
    from known_first
    group by platform, platform_post_id, captured_at, source, known_at

)

select * from final
