-- Grain: one row per ad that shows content $ads_content_id or did, and currency that it was paid
-- in; one row without figures if there are none. Key: ad_platform, ad_id, currency.
with

-- import
ads as (
    select * from project_ads
    where ads_content_id = $ads_content_id
),

days as (select * from ad_daily_metrics_current),

classes as (select * from ad_classifications),

-- logical
spent as (

    select
        ads.ad_platform,
        ads.ad_id,
        coalesce(days.currency, 'USD') as currency,
        min(days.spent_on) as first_day_on,
        max(days.spent_on) as last_day_on,
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
    group by all

),

newest_classes as (

    select classes.*
    from classes
    inner join ads
        on
            classes.ad_platform = ads.ad_platform
            and classes.ad_id = ads.ad_id
    qualify row_number() over (
        partition by classes.ad_platform, classes.ad_id
        order by classes.judged_at desc, classes.rules_version desc
    ) = 1

),

-- final
final as (

    select
        ads.ad_platform,
        ads.ad_id,
        ads.ad_name,
        ads.layer_id,
        ads.status,
        ads.is_running,
        newest_classes.state,
        newest_classes.classification,
        newest_classes.reason,
        spent.currency,
        spent.spend_cents,
        spent.impressions,
        spent.clicks,
        spent.conversions,
        spent.conversion_value_cents,
        spent.first_day_on,
        spent.last_day_on
    from ads
    left join spent
        on
            ads.ad_platform = spent.ad_platform
            and ads.ad_id = spent.ad_id
    left join newest_classes
        on
            ads.ad_platform = newest_classes.ad_platform
            and ads.ad_id = newest_classes.ad_id

)

select * from final
order by ad_platform, ad_id, currency
