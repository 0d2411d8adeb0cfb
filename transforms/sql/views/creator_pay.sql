-- Grain: one row per creator, currency and period of a project's payouts in which anything was
-- earned. Key: creator_id, currency, starts_on. Money of different currencies is never added.
with

-- import
lines as (select * from payout_ledger),

periods as (select * from payout_periods),

-- final
final as (

    select
        lines.creator_id,
        lines.currency,
        periods.starts_on,
        periods.ends_before - 1 as ends_on,
        periods.settled_at,
        periods.settled_by,
        periods.accrued_as_of,
        cast(sum(lines.amount_cents) as bigint) as earned_cents
    from lines
    inner join periods
        on
            lines.project_id = periods.project_id
            and lines.period_starts_on = periods.starts_on
    where
        lines.project_id = $project_id
        and lines.creator_id = coalesce($creator_id, lines.creator_id)
    group by all

)

select * from final
order by starts_on desc, creator_id asc, currency asc
