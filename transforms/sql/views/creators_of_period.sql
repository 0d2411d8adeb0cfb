-- Grain: one row per creator of a project, currency and period of which anything is known, and one
-- per listed creator of which nothing is. Key: creator_id, currency, period. The period 'now' goes
-- from $first_day to $last_day; 'before' are as many days before it. Figures of posts stand in one
-- row of a creator and period. Spend that reaches no creator is a row of its own.
with

-- import
listed as (
    select * from creator_leaderboard
    where project_id = $project_id
),

report as (select * from creator_report(cast($first_day as date), cast($last_day as date))),

report_before as (

    select *
    from creator_report(
        cast($first_day as date)
        - 1
        - cast(date_diff('day', cast($first_day as date), cast($last_day as date)) as integer),
        cast($first_day as date) - 1
    )

),

-- logical
periods as (

    select
        'now' as period,
        report.*
    from report
    where report.project_id = $project_id
    union all
    select
        'before' as period,
        report_before.*
    from report_before
    where report_before.project_id = $project_id

),

-- final
final as (

    select
        coalesce(periods.creator_id, listed.creator_id) as creator_id,
        periods.* exclude (project_id, creator_id), -- noqa: RF02
        listed.* exclude (project_id, creator_id) -- noqa: RF02
    from periods
    full outer join listed on periods.creator_id = listed.creator_id
    where $creator_id is null or coalesce(periods.creator_id, listed.creator_id) = $creator_id

)

select * from final
order by views_28d_rank asc nulls last, creator_id asc, period desc, currency asc
