-- Grain: one row per project that ever listed the content $post: what its newest tick by $as_of
-- (null: its newest) said of it. Key: project_id, ads_content_id.
-- $post is a post id, a container id or an ads content id. Content that no project listed has one
-- row without a project, an id that nothing has one row with a reason alone.
with

-- import
contents as (select * from contents_of($post)),

ticks as (select * from newest_ticks($as_of)),

judgements as (select * from ad_eligibility),

absences as (select * from post_absences),

allowlist as (select * from project_allowlist),

-- logical
deleted as (

    select
        contents.ads_content_id,
        max(absences.confirmed_at) as deleted_at
    from contents
    inner join ticks on contents.project_id = ticks.project_id
    inner join absences
        on
            contents.platform = absences.platform
            and contents.platform_post_id = absences.platform_post_id
            and holds_at(absences.confirmed_at, absences.returned_at, ticks.scored_at)
    group by contents.ads_content_id

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
            and holds_at(allowlist.allowed_from, allowlist.allowed_to, ticks.scored_at)

),

-- final
final as (

    select
        contents.*,
        ticks.scored_at,
        judgements.is_eligible,
        judgements.organic_score,
        judgements.score_of,
        judgements.scoring_version,
        deleted.deleted_at,
        case
            when judgements.reason is not null then judgements.reason
            when contents.container_id is null then 'unknown_id'
            when contents.project_id is null then 'not_on_allowlist'
            when ticks.scored_at is null then 'no_tick'
            when contents.first_known_at > ticks.scored_at then 'not_known_yet'
            when contents.published_at > ticks.scored_at then 'not_published_yet'
            when contents.scoring_pool = 'ugc' and listed.project_id is null then 'not_on_allowlist'
            else 'came_in_since'
        end as reason
    from (select $post as thing) as asked
    left join contents on asked.thing is not null
    left join ticks on contents.project_id = ticks.project_id
    left join judgements
        on
            contents.ads_content_id = judgements.ads_content_id
            and ticks.scored_at = judgements.scored_at
    left join deleted on contents.ads_content_id = deleted.ads_content_id
    left join listed
        on
            contents.project_id = listed.project_id
            and contents.platform = listed.platform
            and contents.account_key = listed.account_key

)

select * from final
order by project_id, ads_content_id
