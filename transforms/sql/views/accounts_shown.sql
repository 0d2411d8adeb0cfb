-- Grain: one row per account, of $project_id or of all projects: how its syncs stand. Key:
-- account_id. What is wrong comes first.
with

-- import
health as (select * from account_and_sync_health),

depths as (select * from sync_health),

shown_by as (select * from project_accounts),

-- final
final as (

    select
        health.*,
        depths.quick_succeeded_at,
        depths.posts_succeeded_at,
        depths.full_succeeded_at,
        depths.failing_depth
    from health
    left join depths on health.account_id = depths.account_id
    where
        $project_id is null
        or (health.platform, health.account_key) in (
            select
                shown_by.platform,
                shown_by.account_key
            from shown_by
            where shown_by.project_id = $project_id
        )

)

select * from final
order by is_healthy asc, status = 'paused' asc, account_id asc
