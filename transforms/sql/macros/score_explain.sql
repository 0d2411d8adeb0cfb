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
        judged.ads_content_id,
        judged.container_id,
        unnest([
            {
                'place': 20, 'part': 'deleted',
                'words': strftime(
                    timezone('UTC', judged.deleted_at),
                    'confirmed %Y-%m-%d %H:%M: not scored any more, not to be picked'
                )
            },
            { 'place': 21, 'part': 'eligibility', 'words': coalesce(judged.words, judged.reason) },
            { 'place': 22, 'part': 'remedy', 'words': judged.remedy }
        ]) as piece
    from judged

),

pieces as (

    select
        ads_content_id,
        null as container_id,
        place,
        'score' as section,
        part,
        points,
        null as amount,
        null as captured_at,
        words
    from parts
    union all
    select
        ads_content_id,
        null as container_id,
        place,
        'input' as section,
        part,
        null as points,
        amount,
        captured_at,
        words
    from inputs
    union all
    select
        ads_content_id,
        container_id,
        verdicts.piece.place,
        'verdict' as section,
        verdicts.piece.part,
        null as points,
        null as amount,
        null as captured_at,
        verdicts.piece.words
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
