-- Grain: one row per account and creator that content of project $project_id is from.
-- Key: what, choice.
with

-- import
contents as (

    select *
    from content_detail
    where project_id = $project_id

),

-- logical
accounts as (

    select
        'account' as what,
        platform || ':' || account_key as choice,
        count(*) as contents
    from contents
    where account_key is not null
    group by all

),

creators as (

    select
        'creator' as what,
        creator_id as choice,
        count(*) as contents
    from contents
    where creator_id is not null
    group by all

),

-- final
final as (

    select *
    from accounts

    union all

    select *
    from creators

)

select * from final
order by contents desc, choice asc
