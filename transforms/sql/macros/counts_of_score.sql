-- Grain: one row per project and count of post $post as it was known when the score was made that
-- stands at the project's newest tick by $as_of (null: its newest); if none stands, at that tick.
-- Key: ads_content_id, metric. captured_at is the first capture of the run of equal counts that the
-- count ends, as in platform_post_metrics_latest.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

snapshots as (select * from platform_post_metrics),

-- logical
shown as (

    select
        judged.ads_content_id,
        snapshots.captured_at,
        snapshots.source,
        unnest([
            { 'metric': 'views', 'known_count': snapshots.views },
            { 'metric': 'likes', 'known_count': snapshots.likes },
            { 'metric': 'comments', 'known_count': snapshots.comments },
            { 'metric': 'shares', 'known_count': snapshots.shares },
            { 'metric': 'saves', 'known_count': snapshots.saves }
        ]) as piece
    from judged
    inner join snapshots
        on
            judged.platform = snapshots.platform
            and judged.platform_post_id = snapshots.platform_post_id
            and coalesce(judged.score_of, judged.scored_at) >= snapshots.known_at

),

news as (

    select
        shown.ads_content_id,
        shown.captured_at,
        shown.source,
        shown.piece.metric,
        shown.piece.known_count
    from shown
    where shown.piece.known_count is not null
    qualify
        shown.piece.known_count is distinct from lag(shown.piece.known_count) over (
            partition by shown.ads_content_id, shown.piece.metric
            order by shown.captured_at, shown.source
        )

),

-- final
final as (

    select
        ads_content_id,
        metric,
        arg_max(known_count, (captured_at, source)) as known_count,
        max(captured_at) as captured_at
    from news
    group by ads_content_id, metric

)

select * from final
order by ads_content_id, metric
