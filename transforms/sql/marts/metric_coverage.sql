-- Grain: one row per platform, media type and metric that any capture ever showed. Key: platform,
-- media_type, metric. A metric that is not here was never shown of posts of that kind.
with

-- import
days as (select * from metric_coverage_daily),

-- logical
kinds as (

    select
        platform,
        media_type,
        max(day_on) as newest_day_on
    from days
    group by platform, media_type

),

-- final
final as (

    select
        days.platform,
        days.media_type,
        days.metric,
        min(days.day_on) as first_shown_on,
        max(days.day_on) as last_shown_on,
        count(*) as days_shown,
        cast(sum(days.shown_in) as bigint) as captures_with_it,
        sum(days.shown_in) / sum(days.captures) as share_ratio,
        max(days.day_on) = any_value(kinds.newest_day_on) as is_current
    from days
    inner join kinds
        on
            days.platform = kinds.platform
            and days.media_type = kinds.media_type
    group by days.platform, days.media_type, days.metric

)

select * from final
