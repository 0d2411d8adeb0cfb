-- Grain: one row per project and input of the score of content $post that stands at the project's
-- newest tick by $as_of (null: its newest); if none stands, what was known at that tick.
-- Key: ads_content_id, place.
with

-- import
judged as (select * from effective_score($post, $as_of)),

counts as (select * from score_counts($post, $as_of)),

-- logical
scored as (

    select
        *,
        scoring_pool = 'ugc' as is_ugc,
        if(is_scored, score_of, scored_at) as known_by
    from judged
    where is_eligible is not null

),

others as (

    select
        project_id,
        ads_content_id,
        unnest([
            { 'place': 16, 'part': 'age', 'amount': age_days, 'words': coalesce(
                format(
                    '{} {}, {:.1f} days before',
                    if(is_ugc, 'published', 'made'),
                    in_utc(known_by - age_days * interval 1 day),
                    age_days
                ),
                if(is_scored, 'unknown: adds nothing', null)
            ) },
            { 'place': 17, 'part': 'pool size', 'amount': pool_size, 'words': format(
                '{:,} {}{} in the pool',
                pool_size,
                if(is_ugc, 'scorable post', scoring_pool || ' creative'),
                if(pool_size = 1, '', 's')
            ) },
            {
                'place': 18, 'part': 'baseline', 'amount': baseline_views,
                'words': format('{:,.1f} views are the pool''s median', baseline_views)
            },
            { 'place': 19, 'part': 'ad spend', 'amount': spend_30d_usd, 'words': format(
                '{:,.2f} USD in the {} days before, as known then', spend_30d_usd, boost_days
            ) }
        ]) as piece
    from scored

),

-- final
final as (

    select * from counts
    union all by name
    select
        others.project_id,
        others.ads_content_id,
        others.piece.place,
        others.piece.part,
        others.piece.amount,
        others.piece.words
    from others
    where others.piece.words is not null

)

select * from final
order by ads_content_id, place
