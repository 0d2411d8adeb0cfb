-- Grain: one row per currency, period and day of it on which a project's ads had figures, and one
-- per currency and period as a whole, whose day_on is null. Key: currency, period, day_on. The
-- period 'now' goes from $first_day to $last_day; 'before' are as many days before it. Days are the
-- ad platform's; money of different currencies is never added.
with

-- import
days as (

    select *
    from project_spend_daily
    where project_id = $project_id

),

-- logical
placed as (

    select
        *,
        if(day_on >= cast($first_day as date), 'now', 'before') as period
    from days
    where
        day_on <= cast($last_day as date)
        and date_diff('day', day_on, cast($first_day as date))
        <= date_diff('day', cast($first_day as date), cast($last_day as date)) + 1

),

summed as (

    select
        currency,
        period,
        day_on,
        cast(sum(spend_cents) as bigint) as spend_cents,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions,
        cast(sum(conversion_value_cents) as bigint) as conversion_value_cents
    from placed
    group by grouping sets ((currency, period), (currency, period, day_on))

),

-- final
final as (

    select
        *,
        clicks / nullif(impressions, 0) as click_rate,
        spend_cents / nullif(conversions, 0) as cpa_cents,
        conversion_value_cents / nullif(spend_cents, 0) as roas_ratio
    from summed

)

select * from final
order by currency, period, day_on nulls first
