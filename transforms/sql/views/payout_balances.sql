-- Grain: one row per project, creator and currency. Key: project_id, creator_id, currency.
-- Owed = accrued + corrections - paid. Currencies are never added to each other.
with

-- import
lines as (select * from payout_ledger),

periods as (select * from payout_periods),

payments as (select * from payout_payments),

-- logical
earned as (

    select
        lines.project_id,
        lines.creator_id,
        lines.currency,
        if(lines.kind = 'accrual', lines.amount_cents, 0) as accrued_cents,
        if(lines.kind = 'correction', lines.amount_cents, 0) as corrections_cents,
        if(periods.settled_at is not null, lines.amount_cents, 0) as settled_cents,
        0 as paid_cents
    from lines
    left join periods
        on
            lines.project_id = periods.project_id
            and lines.period_starts_on = periods.starts_on
    union all
    select
        project_id,
        creator_id,
        currency,
        0 as accrued_cents,
        0 as corrections_cents,
        0 as settled_cents,
        amount_cents as paid_cents
    from payments

),

-- final
final as (

    select
        project_id,
        creator_id,
        currency,
        cast(sum(accrued_cents) as bigint) as accrued_cents,
        cast(sum(corrections_cents) as bigint) as corrections_cents,
        cast(sum(settled_cents) as bigint) as settled_cents,
        cast(sum(paid_cents) as bigint) as paid_cents,
        cast(sum(accrued_cents + corrections_cents - paid_cents) as bigint) as owed_cents
    from earned
    group by project_id, creator_id, currency

)

select * from final
