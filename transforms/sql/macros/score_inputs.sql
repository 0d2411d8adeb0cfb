-- Grain: one row per project and input of the score of content $post that stands at the project's
-- newest tick by $as_of (null: its newest); if none stands, what was known at that tick.
-- Key: ads_content_id, place. captured_at says since when a count stood (see counts_of_score); it
-- is null where history that was imported later says otherwise than the score.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

known as (select * from counts_of_score($post, $as_of)),

scores as (select * from organic_scores),

rules as (select * from scoring_rules()),

-- logical
standing as (

    select
        rules.*,
        scores.views,
        scores.likes,
        scores.comments,
        scores.shares,
        scores.saves,
        scores.age_days,
        scores.pool_size,
        scores.baseline_views,
        scores.spend_30d_usd,
        judged.project_id,
        judged.ads_content_id,
        judged.scoring_pool,
        judged.published_at,
        scores.ads_content_id is not null as is_scored,
        judged.scoring_pool = 'ugc' as is_ugc,
        coalesce(scores.scored_at, judged.scored_at) as known_by
    from judged
    inner join rules on coalesce(judged.scoring_version = rules.version, rules.is_active)
    left join scores
        on
            judged.ads_content_id = scores.ads_content_id
            and judged.score_of = scores.scored_at
            and judged.scoring_version = scores.scoring_version
    where judged.is_eligible is not null

),

counts as (

    select
        standing.project_id,
        standing.ads_content_id,
        standing.is_scored,
        unnest([
            { 'place': 11, 'part': 'views', 'used': standing.views, 'weight': 0 },
            {
                'place': 12, 'part': 'likes', 'used': standing.likes, 'weight': standing.like_weight
            },
            {
                'place': 13, 'part': 'comments', 'used': standing.comments,
                'weight': standing.comment_weight
            },
            {
                'place': 14, 'part': 'shares', 'used': standing.shares,
                'weight': standing.share_weight
            },
            { 'place': 15, 'part': 'saves', 'used': standing.saves, 'weight': standing.save_weight }
        ]) as told
    from standing
    where standing.is_ugc

),

dated as (

    select
        counts.project_id,
        counts.ads_content_id,
        counts.told.place,
        counts.told.part,
        counts.told.weight,
        known.known_count,
        if(counts.is_scored, counts.told.used, known.known_count) as amount,
        if(amount = known.known_count, known.captured_at, null) as captured_at
    from counts
    left join known
        on
            counts.ads_content_id = known.ads_content_id
            and counts.told.part = known.metric

),

counted as (

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
                when captured_at is not null
                    then strftime(timezone('UTC', captured_at), '; so since %Y-%m-%d %H:%M')
                when amount is distinct from known_count
                    then '; later imports say otherwise of that time: score the tick again'
            end
        ) as words
    from dated

),

others as (

    select
        standing.project_id,
        standing.ads_content_id,
        unnest([
            {
                'place': 16, 'part': 'age', 'amount': standing.age_days,
                'words': coalesce(
                    format(
                        '{} {}, {:.1f} days before',
                        if(standing.is_ugc, 'published', 'made'),
                        strftime(
                            timezone('UTC', standing.known_by - standing.age_days * interval 1 day),
                            '%Y-%m-%d %H:%M'
                        ),
                        standing.age_days
                    ),
                    if(standing.is_scored, 'unknown: adds nothing', null)
                )
            },
            {
                'place': 17, 'part': 'pool size', 'amount': standing.pool_size,
                'words': format(
                    '{:,} {}{} in the pool', standing.pool_size,
                    if(standing.is_ugc, 'scorable post', standing.scoring_pool || ' creative'),
                    if(standing.pool_size = 1, '', 's')
                )
            },
            {
                'place': 18, 'part': 'baseline', 'amount': standing.baseline_views,
                'words': format('{:,.1f} views are the pool''s median', standing.baseline_views)
            },
            {
                'place': 19, 'part': 'ad spend', 'amount': standing.spend_30d_usd,
                'words': format(
                    '{:,.2f} USD in the {} days before, as known then',
                    standing.spend_30d_usd, standing.boost_days
                )
            }
        ]) as piece
    from standing

),

-- final
final as (

    select * from counted
    union all
    select
        others.project_id,
        others.ads_content_id,
        others.piece.place,
        others.piece.part,
        others.piece.amount,
        null as captured_at,
        others.piece.words
    from others
    where others.piece.words is not null

)

select * from final
order by ads_content_id, place
