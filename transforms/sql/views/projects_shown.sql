-- Grain: one row per project: what it has, and how fresh that is. Key: project_id.
with

-- import
brands as (select * from projects),

accounts as (select * from project_accounts),

contents as (select * from content_detail),

-- logical
accounts_of as (

    select
        project_id,
        count(*) filter (where is_own) as own_accounts,
        count(distinct creator_id) filter (where is_listed and not is_own) as listed_creators
    from accounts
    group by project_id

),

contents_of as (

    select
        project_id,
        count(*) filter (where not is_deleted) as contents,
        count(*) filter (where is_eligible and not is_deleted) as eligible_contents,
        count(*) filter (where is_running) as running_contents,
        max(scored_at) as scored_at,
        max(last_checked_at) as last_checked_at
    from contents
    group by project_id

),

-- final
final as (

    select
        brands.project_id,
        brands.name,
        brands.time_zone,
        brands.is_active,
        coalesce(accounts_of.own_accounts, 0) as own_accounts,
        coalesce(accounts_of.listed_creators, 0) as listed_creators,
        coalesce(contents_of.contents, 0) as contents,
        coalesce(contents_of.eligible_contents, 0) as eligible_contents,
        coalesce(contents_of.running_contents, 0) as running_contents,
        contents_of.scored_at,
        contents_of.last_checked_at
    from brands
    left join accounts_of on brands.project_id = accounts_of.project_id
    left join contents_of on brands.project_id = contents_of.project_id

)

select * from final
order by project_id
