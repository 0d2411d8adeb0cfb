-- Grain: one row per project and part of the newest score of one content. Key: project_id, part.
-- $post is a post id, a container id or an ads content id.
with

-- import
scores as (select * from organic_scores),

judgements as (select * from ad_eligibility),

-- logical
newest as (

    select *
    from scores
    where
        $post in (platform_post_id, ads_content_id)
        or ads_content_id = project_id || '/' || $post
    qualify
        row_number() over (
            partition by ads_content_id
            order by scored_at desc, scoring_version desc
        ) = 1

),

judged as (

    select
        newest.*,
        judgements.is_eligible,
        judgements.reason,
        if(newest.scoring_pool = 'ugc', '0 to 10', '2 to 10') as bounds
    from newest
    left join judgements
        on
            newest.ads_content_id = judgements.ads_content_id
            and newest.scored_at = judgements.scored_at

),

parts as (

    select
        *,
        unnest([
            {
                'place': 1, 'part': 'quality', 'points': quality_points,
                'words': format(
                    'engagement rate {:.4f} is above {:.1f} % of the others in the pool',
                    engagement_rate, 100 * engagement_rate_rank_pct
                )
            },
            {
                'place': 2, 'part': 'reach', 'points': reach_points,
                'words': format(
                    '{:,} views are above {:.1f} % of the others', views, 100 * views_rank_pct
                )
            },
            {
                'place': 3, 'part': 'outperformance', 'points': outperformance_points,
                'words': format(
                    '{:.2f} times the pool''s median of {:,.1f} views',
                    views / baseline_views, baseline_views
                )
            },
            {
                'place': 4, 'part': 'freshness', 'points': freshness_points,
                'words': coalesce(format('{:.1f} days old', age_days), 'age unknown')
            },
            {
                'place': 5, 'part': 'start', 'points': start_points,
                'words': 'what every creative has at its creation'
            },
            {
                'place': 6, 'part': 'decay', 'points': decay_points,
                'words': format('{:.1f} days old', age_days)
            },
            {
                'place': 7, 'part': 'boost', 'points': boost_points,
                'words': format('{:,.2f} USD of ad spend in 30 days', spend_30d_usd)
            },
            {
                'place': 8, 'part': 'clamp', 'points': clamp_points,
                'words': if(
                    clamp_points = 0, 'nothing to cut: within ', 'held within '
                ) || bounds
            },
            {
                'place': 9, 'part': 'organic score', 'points': organic_score,
                'words': coalesce('not scored: ' || unscored_reason, 'sum of the parts')
            }
        ]) as piece
    from judged

),

-- final
final as (

    select
        parts.project_id,
        parts.platform_post_id,
        parts.scored_at,
        parts.scoring_version,
        parts.pool_size,
        parts.is_eligible,
        parts.reason,
        parts.piece.place,
        parts.piece.part,
        parts.piece.points,
        if(
            parts.piece.points is null, 'not scored: ' || parts.unscored_reason, parts.piece.words
        ) as words
    from parts
    where
        parts.piece.place > 7 -- of the others, those of the pool
        or (parts.scoring_pool = 'ugc') = (parts.piece.place <= 4)

)

select * from final
order by project_id, place
