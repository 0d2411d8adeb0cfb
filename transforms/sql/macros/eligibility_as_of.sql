-- Grain: one row per project that ever listed the content $post: what its newest tick by $as_of
-- (null: its newest) said of it. Key: project_id, ads_content_id.
-- $post is a post id, a container id or an ads content id. Content that no project listed has one
-- row without a project, an id that nothing has one row with a reason alone.
with

-- import
judgements as (select * from ad_eligibility),

contents as (select * from ads_content),

containers as (select * from content_containers),

posts as (select * from platform_posts),

absences as (select * from post_absences),

allowlist as (select * from project_allowlist),

-- logical
things as (

    select
        containers.container_id,
        containers.platform,
        containers.platform_post_id,
        contents.ads_content_id,
        contents.project_id,
        contents.scoring_pool,
        posts.account_key,
        posts.published_at,
        containers.created_at as first_known_at
    from containers
    left join contents on containers.container_id = contents.container_id
    left join posts
        on
            containers.platform = posts.platform
            and containers.platform_post_id = posts.platform_post_id
    where
        $post in (containers.container_id, containers.platform_post_id, contents.ads_content_id)

),

ticks as (

    select
        project_id,
        max(scored_at) as scored_at
    from judgements
    where $as_of is null or scored_at <= $as_of
    group by project_id

),

deleted as (

    select
        absences.platform,
        absences.platform_post_id,
        ticks.project_id,
        max(absences.confirmed_at) as deleted_at
    from absences
    inner join ticks
        on
            absences.confirmed_at <= ticks.scored_at
            and (absences.returned_at is null or absences.returned_at > ticks.scored_at)
    where
        $post in (
            absences.platform_post_id,
            absences.platform || ':' || absences.platform_post_id,
            ticks.project_id || '/' || absences.platform || ':' || absences.platform_post_id
        )
    group by all

),

listed as (

    select distinct
        allowlist.project_id,
        allowlist.platform,
        allowlist.account_key
    from allowlist
    inner join ticks
        on
            allowlist.project_id = ticks.project_id
            and allowlist.allowed_from <= ticks.scored_at
            and (allowlist.allowed_to is null or allowlist.allowed_to > ticks.scored_at)

),

-- final
final as (

    select
        things.*,
        ticks.scored_at,
        judgements.is_eligible,
        judgements.organic_score,
        judgements.score_of,
        judgements.scoring_version,
        deleted.deleted_at,
        case
            when judgements.reason is not null then judgements.reason
            when things.container_id is null then 'unknown_id'
            when things.project_id is null then 'not_on_allowlist'
            when ticks.scored_at is null then 'no_tick'
            when things.first_known_at > ticks.scored_at then 'not_known_yet'
            when things.published_at > ticks.scored_at then 'not_published_yet'
            when things.scoring_pool = 'ugc' and listed.project_id is null then 'not_on_allowlist'
            else 'came_in_since'
        end as reason
    from (select $post as thing) as asked
    left join things on asked.thing is not null
    left join ticks on things.project_id = ticks.project_id
    left join judgements
        on
            things.ads_content_id = judgements.ads_content_id
            and ticks.scored_at = judgements.scored_at
    left join deleted
        on
            things.project_id = deleted.project_id
            and things.platform = deleted.platform
            and things.platform_post_id = deleted.platform_post_id
    left join listed
        on
            things.project_id = listed.project_id
            and things.platform = listed.platform
            and things.account_key = listed.account_key

)

select * from final
order by project_id, ads_content_id
