-- Grain: one row per project and part of the score of content $post that stands at the project's
-- newest tick by $as_of (null: its newest), of the version in force. Key: ads_content_id, place.
-- The points of the parts before the last add up to it. A part that does not apply has no words,
-- and is left out.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

scores as (select * from organic_scores),

rules as (select * from scoring_rules()),

-- logical
standing as (

    select
        scores.*,
        rules.*,
        scores.scored_at < judged.scored_at as is_older,
        if(scores.scoring_pool = 'ugc', 0, rules.floor) as least_score,
        strftime(timezone('UTC', scores.scored_at), '%Y-%m-%d %H:%M') as made_text
    from judged
    inner join scores
        on
            judged.ads_content_id = scores.ads_content_id
            and judged.score_of = scores.scored_at
            and judged.scoring_version = scores.scoring_version
    inner join rules on scores.scoring_version = rules.version

),

parts as (

    select
        standing.project_id,
        standing.ads_content_id,
        unnest([
            {
                'place': 1, 'part': 'quality', 'points': standing.quality_points,
                'words': format(
                    'engagement rate {:.4f} is above {:.1f} % of the other {:,} in the pool',
                    standing.engagement_rate, 100 * standing.engagement_rate_rank_pct,
                    standing.pool_size - 1
                )
            },
            {
                'place': 2, 'part': 'reach', 'points': standing.reach_points,
                'words': format(
                    '{:,} views are above {:.1f} % of the other {:,}',
                    standing.views, 100 * standing.views_rank_pct, standing.pool_size - 1
                )
            },
            {
                'place': 3, 'part': 'outperformance', 'points': standing.outperformance_points,
                'words': format(
                    '{:.2f} times the pool''s median of {:,.1f} views',
                    standing.views / standing.baseline_views, standing.baseline_views
                )
            },
            {
                'place': 4, 'part': 'freshness', 'points': standing.freshness_points,
                'words': coalesce(
                    format(
                        '{:.1f} days old; {:g} when new, none from {:g} days on',
                        standing.age_days, standing.freshness_max, standing.freshness_days
                    ),
                    'age unknown: none'
                )
            },
            {
                'place': 5, 'part': 'start', 'points': standing.start_points,
                'words': 'what every creative has when it is made'
            },
            {
                'place': 6, 'part': 'decay', 'points': standing.decay_points,
                'words': format(
                    '{:.1f} days old; {:g} points go in {:g} days',
                    standing.age_days, standing.decay, standing.decay_days
                ) || if(
                    standing.is_floored_before_boost,
                    format(', down to {:g}', standing.floor), ''
                )
            },
            {
                'place': 7, 'part': 'boost', 'points': standing.boost_points,
                'words': format(
                    '{:,.2f} USD of ad spend in {} days; a point per {:.2f} USD, at most {:g}',
                    standing.spend_30d_usd, standing.boost_days, standing.usd_per_boost_point,
                    standing.boost_max
                )
            },
            {
                'place': 8, 'part': 'clamp', 'points': standing.clamp_points,
                'words': if(
                    standing.clamp_points = 0,
                    format('nothing to cut: within {:g} to 10', standing.least_score),
                    format(
                        'the sum {:.2f} is held within {:g} to 10',
                        standing.score_before_clamp, standing.least_score
                    )
                )
            },
            {
                'place': 9, 'part': 'organic score', 'points': standing.organic_score,
                'words': case standing.unscored_reason
                    when 'safety_failed' then '0 by rule: its newest safety review failed it'
                    when 'below_min_views'
                        then
                            format(
                                '0 by rule: {:,} views are fewer than {}',
                                standing.views, standing.min_views
                            )
                    when 'views_unknown' then '0 by rule: its views were unknown'
                    else 'sum of the parts'
                end || if(
                    standing.is_older, '; made at ' || standing.made_text || ', standing since', ''
                )
            }
        ]) as piece
    from standing

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
