-- Grain: one row per project and count of post $post that its score was made of: the rows of
-- score_inputs($post, $as_of) that are counts. Key: ads_content_id, place.
-- captured_at says since when a count stood (see counts_of_score); it is null where history that
-- was imported later says otherwise than the score.
with

-- import
judged as (select * from effective_score($post, $as_of)),

known as (select * from counts_of_score($post, $as_of)),

-- logical
counts as (

    select
        project_id,
        ads_content_id,
        is_scored,
        unnest([
            { 'place': 11, 'part': 'views', 'used': views, 'weight': 0 },
            { 'place': 12, 'part': 'likes', 'used': likes, 'weight': like_weight },
            { 'place': 13, 'part': 'comments', 'used': comments, 'weight': comment_weight },
            { 'place': 14, 'part': 'shares', 'used': shares, 'weight': share_weight },
            { 'place': 15, 'part': 'saves', 'used': saves, 'weight': save_weight }
        ]) as piece
    from judged
    where is_eligible is not null and scoring_pool = 'ugc'

),

dated as (

    select
        counts.project_id,
        counts.ads_content_id,
        counts.piece.place,
        counts.piece.part,
        counts.piece.weight,
        known.known_count,
        if(counts.is_scored, counts.piece.used, known.known_count) as amount,
        if(amount = known.known_count, known.captured_at, null) as captured_at
    from counts
    left join known
        on
            counts.ads_content_id = known.ads_content_id
            and counts.piece.part = known.metric

),

-- final
final as (

    select
        project_id,
        ads_content_id,
        place,
        part,
        cast(amount as double) as amount,
        captured_at,
        concat(
            case
                when amount is null and weight = 0 then 'unknown'
                when amount is null then 'unknown: adds nothing'
                when weight = 0 then format('{:,}', amount)
                when weight = 1 then format('{:,}, each counts once', amount)
                else format('{:,}, each counts {} times', amount, weight)
            end,
            case
                when captured_at is not null then '; so since ' || in_utc(captured_at)
                when amount is distinct from known_count
                    then '; later imports say otherwise of that time: score the tick again'
            end
        ) as words
    from dated

)

select * from final
order by ads_content_id, place
