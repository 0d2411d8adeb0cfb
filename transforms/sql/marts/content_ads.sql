-- Grain: one row per content that any ad shows or showed. Key: ads_content_id.
-- Money stands here only where all of its ads were paid in one currency.
with

-- import
ads as (select * from project_ads),

days as (select * from ad_daily_metrics_current),

-- logical
spent as (

    select
        ads.ads_content_id,
        coalesce(days.currency, 'USD') as currency,
        sum(days.spend_cents) as spend_cents,
        sum(days.impressions) as impressions,
        sum(days.clicks) as clicks,
        sum(days.conversions) as conversions
    from days
    inner join ads
        on
            days.ad_platform = ads.ad_platform
            and days.ad_id = ads.ad_id
    group by all

),

spent_in_all as (

    select
        ads_content_id,
        count(*) as currencies,
        if(count(*) = 1, any_value(currency), null) as currency,
        cast(if(count(*) = 1, any_value(spend_cents), null) as bigint) as spend_cents,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions
    from spent
    group by ads_content_id

),

counted as (

    select
        ads_content_id,
        count(*) as ads,
        count(*) filter (where is_running) as running_ads
    from ads
    where ads_content_id is not null
    group by ads_content_id

),

-- final
final as (

    select
        counted.ads_content_id,
        counted.ads,
        counted.running_ads,
        coalesce(spent_in_all.currencies, 0) as currencies,
        spent_in_all.currency,
        spent_in_all.spend_cents,
        spent_in_all.impressions,
        spent_in_all.clicks,
        spent_in_all.conversions
    from counted
    left join spent_in_all on counted.ads_content_id = spent_in_all.ads_content_id

)

select * from final
