-- Grain: the rows of eligibility_as_of($post, $as_of), with the score that stands there, its parts
-- and inputs (null: none), and the numbers of its version of the rules (none: of the active one).
-- Key: project_id, ads_content_id.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

scores as (select * from organic_scores),

rules as (select * from scoring_rules()),

-- final
final as (

    select
        judged.*,
        -- noqa: disable=RF02
        scores.* exclude (
            ads_content_id, project_id, scoring_pool, platform, platform_post_id,
            scored_at, scoring_version, organic_score
        ),
        -- noqa: enable=RF02
        rules.*,
        scores.scored_at is not null as is_scored
    from judged
    inner join rules on coalesce(judged.scoring_version = rules.version, rules.is_active)
    left join scores
        on
            judged.ads_content_id = scores.ads_content_id
            and judged.score_of = scores.scored_at
            and judged.scoring_version = scores.scoring_version

)

select * from final
