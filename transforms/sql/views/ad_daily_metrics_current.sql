-- Grain: one row per ad and day, as last known. Key: ad_platform, ad_id, spent_on.
with

-- import
daily_metrics as (select * from ad_daily_metrics),

-- logical
newest_known as (

    select *
    from daily_metrics
    qualify
        row_number() over (
            partition by ad_platform, ad_id, spent_on
            order by known_at desc
        ) = 1

),

-- final
final as (

    select
        ad_platform,
        ad_id,
        spent_on,
        spend_cents,
        impressions,
        clicks,
        conversions,
        run_id,
        currency,
        conversion_value_cents,
        reach,
        frequency,
        may_change_until,
        known_at
    from newest_known

)

select * from final
