-- Grain: one row per subject and part of it that grows old. Key: subject, part.
with

-- import
subjects as (select * from freshness),

-- final
final as (select * from subjects)

select * from final
order by subject, part
