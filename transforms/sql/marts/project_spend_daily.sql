-- Grain: one row per project, day and currency on which its ads had figures. Key: project_id,
-- day_on, currency. A day is the ad platform's; money of different currencies is never added.
with

-- import
days as (select * from ad_daily_metrics_current),

ads as (select * from project_ads),

-- logical
sums as (

    select
        ads.project_id,
        days.spent_on as day_on,
        coalesce(days.currency, 'USD') as currency,
        count(*) as ads,
        cast(sum(days.spend_cents) as bigint) as spend_cents,
        cast(sum(days.impressions) as bigint) as impressions,
        cast(sum(days.clicks) as bigint) as clicks,
        cast(sum(days.conversions) as bigint) as conversions,
        cast(sum(days.conversion_value_cents) as bigint) as conversion_value_cents
    from days
    inner join ads
        on
            days.ad_platform = ads.ad_platform
            and days.ad_id = ads.ad_id
    where ads.project_id is not null
    group by all

),

-- final
final as (

    select
        sums.*,
        sums.clicks / nullif(sums.impressions, 0) as click_rate,
        sums.spend_cents / nullif(sums.conversions, 0) as cpa_cents,
        sums.conversion_value_cents / nullif(sums.spend_cents, 0) as roas_ratio
    from sums

)

select * from final
