-- Grain: one row per thing that people said of content $ads_content_id or of what it stands for.
-- Key: said_at, what.
with

-- import
contents as (
    select * from content_detail
    where ads_content_id = $ads_content_id
),

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
    inner join contents on overrides.ads_content_id = contents.ads_content_id
    union all
    select
        approvals.known_at as said_at,
        'approval' as what,
        approvals.approval as says,
        approvals.note,
        approvals.changed_by as said_by
    from approvals
    inner join contents on approvals.ads_content_id = contents.ads_content_id
    union all
    select
        reviews.known_at as said_at,
        'safety review' as what,
        if(reviews.safety_failed, 'failed', 'passed') as says,
        reviews.note,
        reviews.reviewed_by as said_by
    from reviews
    inner join contents on reviews.container_id = contents.container_id

)

select * from final
order by said_at desc, what asc
