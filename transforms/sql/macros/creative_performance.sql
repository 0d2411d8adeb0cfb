-- Grain: one row per project, content and currency that ads had figures of in the days from
-- $first_day to $last_day, both included. Key: project_id, ads_content_id, currency.
-- Ads that show nothing we know are together in a row without content, of each project.
with

-- import
daily_metrics as (select * from ad_daily_metrics_current),

attribution as (select * from ad_attribution),

content as (select * from ads_content),

-- logical
placed as (

    select
        daily_metrics.*,
        attribution.ads_content_id,
        attribution.creator_id,
        coalesce(attribution.project_id, '(no project)') as project_id
    from daily_metrics
    left join attribution
        on
            daily_metrics.ad_platform = attribution.ad_platform
            and daily_metrics.ad_id = attribution.ad_id
    where daily_metrics.spent_on between $first_day and $last_day

),

summed as (

    select
        project_id,
        ads_content_id,
        coalesce(currency, 'USD') as currency,
        any_value(creator_id) as creator_id,
        count(distinct ad_platform || ':' || ad_id) as ads,
        cast(sum(spend_cents) as bigint) as spend_cents,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions,
        cast(sum(conversion_value_cents) as bigint) as conversion_value_cents
    from placed
    group by project_id, ads_content_id, coalesce(currency, 'USD')

),

-- final
final as (

    select
        summed.project_id,
        summed.ads_content_id,
        content.scoring_pool,
        content.organic_score,
        summed.creator_id,
        summed.currency,
        summed.ads,
        summed.spend_cents,
        summed.impressions,
        summed.clicks,
        summed.conversions,
        summed.conversion_value_cents,
        summed.clicks / nullif(summed.impressions, 0) as click_rate,
        summed.spend_cents / nullif(summed.conversions, 0) as cpa_cents,
        summed.conversion_value_cents / nullif(summed.spend_cents, 0) as roas
    from summed
    left join content on summed.ads_content_id = content.ads_content_id

)

select * from final
order by project_id asc, spend_cents desc, ads_content_id asc, currency asc
