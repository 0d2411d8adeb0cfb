-- Grain: one row per post of which anything was known at $as_of. Key: platform, platform_post_id.
-- Each metric is its last known value at that moment; arg_max passes over nulls.
with

-- import
snapshots as (select * from platform_post_metrics),

-- logical
known as (

    select * exclude (run_id)
    from snapshots
    where known_at <= $as_of

),

-- final
final as (

    select
        platform,
        platform_post_id,
        min(known_at) as known_since,
        arg_max(
            columns(* exclude (platform, platform_post_id, captured_at, source, known_at)),
            (captured_at, source)
        )
    from known
    group by platform, platform_post_id

)

select * from final
