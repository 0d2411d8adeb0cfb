-- Grain: one row per project and day of its time zone, from the first on which followers of an
-- account of its own were known to the last on which its posts were looked at. Key: project_id,
-- day_on. Each account counts with what it last showed by the end of the day.
with

-- import
accounts as (select * from project_accounts),

shown as (select * from platform_account_metrics),

activity as (select * from account_activity_daily),

-- logical
own_shown as (

    select
        accounts.project_id,
        accounts.platform,
        accounts.account_key,
        cast(timezone(accounts.time_zone, shown.captured_at) as date) as day_on,
        arg_max(shown.followers, (shown.captured_at, shown.source)) as followers
    from shown
    inner join accounts
        on
            shown.platform = accounts.platform
            and shown.account_key = accounts.account_key
    where accounts.is_own and shown.followers is not null
    group by all

),

days as (

    select
        project_id,
        day_on
    from activity
    union
    select
        project_id,
        day_on
    from own_shown

),

accounts_by_day as (

    select
        days.project_id,
        days.day_on,
        accounts.platform,
        accounts.account_key
    from days
    inner join accounts on days.project_id = accounts.project_id
    where accounts.is_own

),

-- final
final as (

    select
        accounts_by_day.project_id,
        accounts_by_day.day_on,
        cast(sum(own_shown.followers) as bigint) as followers,
        count(*) as accounts_with_followers
    from accounts_by_day
    asof inner join own_shown
        on
            accounts_by_day.project_id = own_shown.project_id
            and accounts_by_day.platform = own_shown.platform
            and accounts_by_day.account_key = own_shown.account_key
            and accounts_by_day.day_on >= own_shown.day_on
    group by accounts_by_day.project_id, accounts_by_day.day_on

)

select * from final
