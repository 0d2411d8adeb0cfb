-- Grain: one row per post that counted as deleted at $as_of. Key: platform, platform_post_id.
with

-- import
absences as (select * from post_absences),

-- final
final as (

    select
        platform,
        platform_post_id,
        max(confirmed_at) as deleted_at
    from absences
    where holds_at(confirmed_at, returned_at, $as_of)
    group by platform, platform_post_id

)

select * from final
