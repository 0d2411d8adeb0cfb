-- Grain: one row per post that was looked at by $as_of. Key: platform, platform_post_id.
-- Publication as the earliest capture known then names it, the others as the newest one does.
with

-- import
looks as (select * from platform_post_checks),

aliases as (select * from post_aliases),

-- logical
known as (

    select
        looks.* exclude (platform_post_id), -- noqa: RF02
        coalesce(aliases.same_as, looks.platform_post_id) as platform_post_id
    from looks
    left join aliases
        on
            looks.platform = aliases.platform
            and looks.platform_post_id = aliases.platform_post_id
    where looks.known_at <= $as_of

),

-- final
final as (

    select
        platform,
        platform_post_id,
        arg_min(published_at, (captured_at, source)) as published_at,
        arg_max(media_type, (captured_at, source)) as media_type,
        arg_max(permalink, (captured_at, source)) as permalink
    from known
    group by platform, platform_post_id

)

select * from final
