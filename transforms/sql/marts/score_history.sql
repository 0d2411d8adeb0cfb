-- Grain: one row per content, tick and version of the rules: its score and the change since the
-- tick before. Key: ads_content_id, scored_at, scoring_version. Ask for one content, or one tick's.
with

-- import
scores as (select * from organic_scores),

judged as (select * from ad_eligibility),

-- final
final as (

    select
        scores.ads_content_id,
        scores.scored_at,
        scores.scoring_version,
        scores.project_id,
        scores.scoring_pool,
        scores.organic_score,
        scores.organic_score - lag(scores.organic_score) over (
            partition by scores.ads_content_id, scores.scoring_version
            order by scores.scored_at
        ) as score_change,
        scores.unscored_reason,
        scores.pool_size,
        scores.baseline_views,
        scores.views,
        scores.engagement_rate,
        scores.score_before_clamp,
        scores.clamp_points,
        judged.is_eligible,
        judged.reason
    from scores
    left join judged
        on
            scores.ads_content_id = judged.ads_content_id
            and scores.scored_at = judged.scored_at
            and scores.scoring_version = judged.scoring_version

)

select * from final
