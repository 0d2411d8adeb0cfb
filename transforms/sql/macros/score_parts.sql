-- Grain: one row per project and part of the score of content $post that stands at the project's
-- newest tick by $as_of (null: its newest), of the version in force. Key: ads_content_id, place.
-- The points of the parts before the last add up to it. A part that does not apply has no points,
-- and is left out.
with

-- import
judged as (select * from effective_score($post, $as_of)),

-- logical
scored as (

    select
        *,
        if(scoring_pool = 'ugc', 0, floor) as least_score,
        case unscored_reason
            when 'safety_failed' then '0 by rule: its newest safety review failed it'
            when 'below_min_views'
                then format('0 by rule: {:,} views are fewer than {}', views, min_views)
            when 'views_unknown' then '0 by rule: its views were unknown'
            else 'sum of the parts'
        end as how_made,
        if(score_of < scored_at, '; made at ' || in_utc(score_of) || ', standing since', '') as age
    from judged
    where is_scored

),

parts as (

    select
        project_id,
        ads_content_id,
        unnest([
            { 'place': 1, 'part': 'quality', 'points': quality_points, 'words': format(
                'engagement rate {:.4f} is above {:.1f} % of the other {:,} in the pool',
                engagement_rate, 100 * engagement_rate_rank_pct, pool_size - 1
            ) },
            { 'place': 2, 'part': 'reach', 'points': reach_points, 'words': format(
                '{:,} views are above {:.1f} % of the other {:,}',
                views, 100 * views_rank_pct, pool_size - 1
            ) },
            {
                'place': 3, 'part': 'outperformance', 'points': outperformance_points,
                'words': format(
                    '{:.2f} times the pool''s median of {:,.1f} views',
                    views / baseline_views, baseline_views
                )
            },
            { 'place': 4, 'part': 'freshness', 'points': freshness_points, 'words': coalesce(
                format(
                    '{:.1f} days old; {:g} when new, none from {:g} days on',
                    age_days, freshness_max, freshness_days
                ),
                'age unknown: none'
            ) },
            {
                'place': 5, 'part': 'start', 'points': start_points,
                'words': 'what every creative has when it is made'
            },
            { 'place': 6, 'part': 'decay', 'points': decay_points, 'words': format(
                '{:.1f} days old; {:g} points go in {:g} days', age_days, decay, decay_days
            ) || if(is_floored_before_boost, format(', down to {:g}', floor), '') },
            { 'place': 7, 'part': 'boost', 'points': boost_points, 'words': format(
                '{:,.2f} USD of ad spend in {} days; a point per {:.2f} USD, at most {:g}',
                spend_30d_usd, boost_days, usd_per_boost_point, boost_max
            ) },
            { 'place': 8, 'part': 'clamp', 'points': clamp_points, 'words': if(
                clamp_points = 0,
                format('nothing to cut: within {:g} to 10', least_score),
                format(
                    'the sum {:.2f} is held within {:g} to 10', score_before_clamp, least_score
                )
            ) },
            {
                'place': 9, 'part': 'organic score', 'points': organic_score,
                'words': how_made || age
            }
        ]) as piece
    from scored

),

-- final
final as (

    select
        parts.project_id,
        parts.ads_content_id,
        parts.piece.place,
        parts.piece.part,
        parts.piece.points,
        parts.piece.words
    from parts
    where parts.piece.points is not null

)

select * from final
order by ads_content_id, place
