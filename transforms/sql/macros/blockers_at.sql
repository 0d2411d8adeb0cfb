-- Grain: the rows of eligibility_explain($post, $as_of), with how the content stood at the tick,
-- and all that kept it from running, in order. Key: project_id, ads_content_id.
-- Content of a project without a layer has no row of content_status: its eligibility answers, and
-- that there is no layer.
with

-- import
explained as (select * from eligibility_explain($post, $as_of)),

statuses as (select * from content_status),

-- final
final as (

    select
        explained.*,
        coalesce(statuses.status, 'blocked') as status,
        statuses.layer_id,
        statuses.ad_set_id,
        statuses.rank,
        case
            when statuses.status = 'running' then []::varchar[]
            when statuses.status is not null
                then list_prepend(statuses.blocked_by, statuses.also_blocked_by)
            when explained.is_eligible is null then [explained.reason]
            when explained.is_eligible then ['no_layer']
            else [explained.reason, 'no_layer']
        end as blockers
    from explained
    left join statuses
        on
            explained.ads_content_id = statuses.ads_content_id
            and explained.scored_at = statuses.scored_at

)

select * from final
