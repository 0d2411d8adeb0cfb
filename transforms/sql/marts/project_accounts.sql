-- Grain: one row per project and account whose posts it shows. Key: project_id, platform,
-- account_key. An account that left the allowlist stays, so that days that were told stay told.
with

-- import
zones as (select * from projects),

allowlist as (select * from project_allowlist),

accounts as (select * from platform_accounts),

-- logical
brought_in as (

    select
        project_id,
        platform,
        account_key,
        creator_id,
        allowed_from,
        allowed_to is null as is_listed,
        false as is_own
    from allowlist
    union all
    select
        project_id,
        platform,
        account_key,
        creator_id,
        null as allowed_from,
        true as is_listed,
        true as is_own
    from accounts
    where project_id is not null

),

-- final
final as (

    select
        brought_in.project_id,
        brought_in.platform,
        brought_in.account_key,
        zones.time_zone,
        arg_max(
            brought_in.creator_id,
            coalesce(brought_in.allowed_from, 'epoch'::timestamptz)
        ) as creator_id,
        bool_or(brought_in.is_own) as is_own,
        bool_or(brought_in.is_listed) as is_listed,
        min(brought_in.allowed_from) as first_allowed_at
    from brought_in
    inner join zones on brought_in.project_id = zones.project_id
    group by
        brought_in.project_id,
        brought_in.platform,
        brought_in.account_key,
        zones.time_zone

)

select * from final
