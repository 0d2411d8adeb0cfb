-- Grain: one row per project and account on its allowlist at $as_of.
-- Key: project_id, platform, account_key.
with

-- import
allowlist as (select * from project_allowlist),

-- final
final as (

    select distinct
        project_id,
        platform,
        account_key
    from allowlist
    where holds_at(allowed_from, allowed_to, $as_of)

)

select * from final
