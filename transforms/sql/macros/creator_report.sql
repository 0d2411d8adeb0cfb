-- Grain: one row per project, creator and currency of which anything is known in the days from
-- $first_day to $last_day, both included. Key: project_id, creator_id, currency.
-- Figures of posts stand in one row of a creator. Sums over creators are the sums over ads.
with

-- import
days as (select * from creator_daily),

lines as (select * from payout_ledger),

-- logical
pieces as (

    select
        project_id,
        creator_id,
        currency,
        posts_synced,
        posts_deleted,
        posts_from_threshold,
        views_change,
        likes_change,
        comments_change,
        shares_change,
        saves_change,
        spend_cents,
        impressions,
        clicks,
        conversions,
        conversion_value_cents
    from days
    where day_on between $first_day and $last_day
    union all by name
    select
        project_id,
        creator_id,
        currency,
        case when kind = 'accrual' and rule = 'base' then amount_cents end as base_cents,
        case when kind = 'accrual' and rule != 'base' then amount_cents end as bonus_cents,
        case when kind = 'correction' then amount_cents end as corrections_cents
    from lines
    where period_starts_on between $first_day and $last_day

),

summed as (

    select
        project_id,
        creator_id,
        currency,
        cast(sum(columns(* exclude (project_id, creator_id, currency))) as bigint)
    from pieces
    group by project_id, creator_id, currency

),

of_creators as (

    select
        project_id,
        creator_id,
        cast(sum(columns('^(posts_|.*_change$)')) as bigint)
    from summed
    group by project_id, creator_id

),

placed as (

    select
        *,
        row_number() over in_order as place
    from summed
    window in_order as (
        partition by project_id, creator_id
        order by currency = 'XXX', currency
    )

),

-- final
final as (

    select
        placed.project_id,
        placed.creator_id,
        placed.currency,
        of_creators.* exclude (project_id, creator_id), -- noqa: RF02
        placed.spend_cents,
        placed.impressions,
        placed.clicks,
        placed.conversions,
        placed.conversion_value_cents,
        placed.conversion_value_cents / nullif(placed.spend_cents, 0) as roas,
        placed.spend_cents / nullif(placed.conversions, 0) as cpa_cents,
        placed.base_cents,
        placed.bonus_cents,
        placed.corrections_cents
    from placed
    left join of_creators
        on
            placed.project_id = of_creators.project_id
            and placed.creator_id = of_creators.creator_id
            and placed.place = 1
    where placed.currency != 'XXX' or placed.place = 1

)

select * from final
order by project_id, creator_id, currency
