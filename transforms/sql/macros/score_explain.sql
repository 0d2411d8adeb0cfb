-- Grain: one row per project and part of the newest score of one post. Key: project_id, part.
-- $post is a post id, a container id or an ads content id.
with

-- import
scores as (select * from organic_scores),

judgements as (select * from ad_eligibility),

-- logical
newest as (

    select *
    from scores
    where $post in (platform_post_id, platform || ':' || platform_post_id, ads_content_id)
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
        judgements.reason
    from newest
    left join judgements
        on
            newest.ads_content_id = judgements.ads_content_id
            and newest.scored_at = judgements.scored_at

),

parts as (

    select
        judged.*,
        unnest([
            {
                'position': 1, 'part': 'quality', 'points': quality_points,
                'words': format(
                    'engagement rate {:.4f} is above {:.1f} % of the pool',
                    engagement_rate, 100 * engagement_rate_rank_pct
                )
            },
            {
                'position': 2, 'part': 'reach', 'points': reach_points,
                'words': format(
                    '{:d} views are above {:.1f} % of the pool', views, 100 * views_rank_pct
                )
            },
            {
                'position': 3, 'part': 'outperformance', 'points': outperformance_points,
                'words': format(
                    '{:.2f} times the pool''s median of {:.1f} views',
                    views / baseline_views, baseline_views
                )
            },
            {
                'position': 4, 'part': 'freshness', 'points': freshness_points,
                'words': coalesce(format('{:.1f} days old', age_days), 'age unknown')
            },
            {
                'position': 5, 'part': 'clamp', 'points': clamp_points,
                'words': 'cut to the range from 0 to 10'
            },
            {
                'position': 6, 'part': 'organic score', 'points': organic_score,
                'words': coalesce('not scored: ' || unscored_reason, 'sum of the parts')
            }
        ], recursive := true)
    from judged

),

-- final
final as (

    select
        project_id,
        platform_post_id,
        scored_at,
        scoring_version,
        pool_size,
        position,
        part,
        points,
        coalesce(words, 'not scored: ' || unscored_reason) as words,
        is_eligible,
        reason
    from parts

)

select * from final
order by project_id, position
