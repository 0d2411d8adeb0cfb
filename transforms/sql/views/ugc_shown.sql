-- Grain: one row per platform and media type of a project's UGC posts. Key: platform, media_type.
with

-- import
overview as (select * from ugc_overview),

-- final
final as (

    select * exclude (project_id)
    from overview
    where project_id = $project_id

)

select * from final
order by posts desc, platform asc, media_type asc
