-- Grain: one row per creator and currency of a project. Key: creator_id, currency.
with

-- import
balances as (select * from payout_balances),

-- final
final as (

    select * exclude (project_id)
    from balances
    where project_id = $project_id and ($creator_id is null or creator_id = $creator_id)

)

select * from final
order by creator_id, currency
