-- Grain: one row per project in which content $post waits for its UGC pool to grow, at the
-- project's newest tick by $as_of (null: its newest). Key: project_id.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

judgements as (select * from ad_eligibility),

snapshots as (select * from platform_post_metrics),

absences as (select * from post_absences),

rules as (select * from scoring_rules()),

-- logical
members as (

    select
        judgements.project_id,
        judgements.platform,
        judgements.platform_post_id,
        judgements.scored_at
    from judgements
    inner join judged
        on
            judgements.project_id = judged.project_id
            and judgements.scored_at = judged.scored_at
    where judged.reason = 'pool_too_small' and judgements.scoring_pool = 'ugc'

),

deleted as (

    select distinct
        members.platform,
        members.platform_post_id
    from members
    inner join absences
        on
            members.platform = absences.platform
            and members.platform_post_id = absences.platform_post_id
            and holds_at(absences.confirmed_at, absences.returned_at, members.scored_at)

),

views_known as (

    select
        members.project_id,
        members.platform,
        members.platform_post_id,
        arg_max(snapshots.views, (snapshots.captured_at, snapshots.source)) as views
    from members
    inner join snapshots
        on
            members.platform = snapshots.platform
            and members.platform_post_id = snapshots.platform_post_id
            and members.scored_at >= snapshots.known_at
    anti join deleted
        on
            members.platform = deleted.platform
            and members.platform_post_id = deleted.platform_post_id
    group by members.project_id, members.platform, members.platform_post_id

),

-- final
final as (

    select
        views_known.project_id,
        count(*) filter (views_known.views >= rules.min_views) as scorable_posts
    from views_known
    inner join rules on rules.is_active
    group by views_known.project_id

)

select * from final
order by project_id
