-- Grain: one row per project and piece of the explanation of content $post, at the project's
-- newest tick by $as_of (null: its newest). Key: project_id, place.
-- $post is a post id, a container id or an ads content id; there is always a row.
-- Sections: score (parts; the points before the last add up to it), input (what they were made
-- of), verdict (eligibility and remedy).
with

-- import
judged as (select * from eligibility_explain($post, $as_of)),

parts as (select * from score_parts($post, $as_of)),

inputs as (select * from score_inputs($post, $as_of)),

-- logical
verdicts as (

    select
        ads_content_id,
        container_id,
        unnest([
            {
                'place': 20, 'part': 'deleted',
                'words': 'confirmed ' || in_utc(deleted_at)
                || ': not scored any more, not to be picked'
            },
            { 'place': 21, 'part': 'eligibility', 'words': words },
            { 'place': 22, 'part': 'remedy', 'words': remedy }
        ]) as piece
    from judged

),

pieces as (

    select
        *,
        'score' as section
    from parts
    union all by name
    select
        *,
        'input' as section
    from inputs
    union all by name
    select
        verdicts.ads_content_id,
        verdicts.container_id,
        verdicts.piece.place,
        verdicts.piece.part,
        verdicts.piece.words,
        'verdict' as section
    from verdicts

),

-- final
final as (

    select
        judged.project_id,
        judged.ads_content_id,
        judged.scoring_pool,
        judged.platform,
        judged.platform_post_id,
        judged.scored_at,
        judged.score_of,
        judged.scoring_version,
        judged.is_eligible,
        judged.reason,
        pieces.place,
        pieces.section,
        pieces.part,
        pieces.points,
        pieces.amount,
        pieces.captured_at,
        pieces.words
    from judged
    inner join pieces
        on
            judged.ads_content_id is not distinct from pieces.ads_content_id
            and coalesce(judged.container_id = pieces.container_id, true)
    where pieces.words is not null

)

select * from final
order by project_id, platform, ads_content_id, place
