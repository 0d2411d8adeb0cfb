-- Grain: one row per thing that people said of content $ads_content_id or of $container_id, which
-- it stands for.
-- Key: said_at, what.
with

-- import
overrides as (select * from content_overrides),

approvals as (select * from content_approvals),

reviews as (select * from safety_reviews),

-- final
final as (

    select
        overrides.known_at as said_at,
        'override' as what,
        coalesce(overrides.override, 'none') as says,
        overrides.note,
        overrides.changed_by as said_by
    from overrides
    where overrides.ads_content_id = $ads_content_id
    union all
    select
        approvals.known_at as said_at,
        'approval' as what,
        approvals.approval as says,
        approvals.note,
        approvals.changed_by as said_by
    from approvals
    where approvals.ads_content_id = $ads_content_id
    union all
    select
        reviews.known_at as said_at,
        'safety review' as what,
        if(reviews.safety_failed, 'failed', 'passed') as says,
        reviews.note,
        reviews.reviewed_by as said_by
    from reviews
    where reviews.container_id = $container_id

)

select * from final
order by said_at desc, what asc
