-- Grain: one row per platform, media type and metric that any capture ever showed. Key: the same.
with

-- import
coverage as (select * from metric_coverage),

-- final
final as (select * from coverage)

select * from final
order by platform, media_type, metric
