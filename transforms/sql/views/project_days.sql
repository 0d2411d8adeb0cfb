-- Grain: one row per project: what its days are cut by. Key: project_id.
with

-- import
brands as (select * from projects),

-- final
final as (

    select
        project_id,
        name,
        time_zone,
        is_active
    from brands

)

select * from final
order by project_id
