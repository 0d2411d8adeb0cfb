-- Grain: one row per project: its newest scored tick by $as_of (null: its newest). Key: project_id.
with

-- import
judgements as (select * from ad_eligibility),

-- final
final as (

    select
        project_id,
        max(scored_at) as scored_at
    from judgements
    where $as_of is null or scored_at <= $as_of
    group by project_id

)

select * from final
