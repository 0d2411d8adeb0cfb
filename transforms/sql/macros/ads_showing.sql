-- Grain: one row per project and ad that showed the content $post at the project's newest tick by
-- $as_of (null: its newest), and was not deleted. Key: project_id, ad_platform, ad_id.
-- What the platform says that an ad shows goes before what people linked.
with

-- import
contents as (select * from contents_of($post)),

ticks as (select * from newest_ticks($as_of)),

states as (select * from ad_states),

links as (select * from ad_content),

-- logical
known_links as (

    select
        ticks.project_id,
        links.ad_platform,
        links.ad_id,
        links.ads_content_id
    from ticks
    inner join links on ticks.scored_at >= links.known_at
    qualify row_number() over (
        partition by ticks.project_id, links.ad_platform, links.ad_id
        order by links.known_at desc
    ) = 1

),

known_states as (

    select
        contents.project_id,
        contents.ads_content_id,
        contents.platform,
        contents.platform_post_id,
        states.*
    from contents
    inner join ticks on contents.project_id = ticks.project_id
    inner join states on ticks.scored_at >= states.known_at
    qualify row_number() over (
        partition by contents.project_id, states.ad_platform, states.ad_id
        order by states.known_at desc
    ) = 1

),

-- final
final as (

    select
        known_states.project_id,
        known_states.ads_content_id,
        known_states.ad_platform,
        known_states.ad_id,
        known_states.ad_name,
        known_states.ad_set_id,
        known_states.status,
        known_states.is_running
    from known_states
    left join known_links
        on
            known_states.project_id = known_links.project_id
            and known_states.ad_platform = known_links.ad_platform
            and known_states.ad_id = known_links.ad_id
    where
        not known_states.is_deleted
        and coalesce(
            known_states.shows_platform = known_states.platform
            and known_states.shows_post_id = known_states.platform_post_id
            or known_links.ads_content_id = known_states.ads_content_id,
            false
        )

)

select * from final
order by project_id, ad_platform, ad_id
