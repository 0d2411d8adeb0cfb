-- Grain: one row per project and post of its pool at $tick, with the score taken apart.
with

-- import
metrics as (select * from platform_post_metrics where known_at <= $tick),

captures as (select * from stg_import__captures where known_at <= $tick),

gone as (

    select distinct
        platform,
        platform_post_id,
        true as is_deleted
    from post_absences
    where
        confirmed_at <= $tick
        and (returned_at is null or returned_at > $tick)

),

listed as (

    select distinct
        project_id,
        platform,
        account_key
    from project_allowlist
    where
        allowed_from <= $tick
        and (allowed_to is null or allowed_to > $tick)

),

-- logical
latest as (

    select
        platform,
        platform_post_id,
        arg_max(views, (captured_at, source)) as views,
        arg_max(likes, (captured_at, source)) as likes,
        arg_max(comments, (captured_at, source)) as comments,
        arg_max(shares, (captured_at, source)) as shares,
        arg_max(saves, (captured_at, source)) as saves
    from metrics
    group by all

),

identities as (

    select
        platform,
        platform_post_id,
        arg_min(account_key, (captured_at, source)) as account_key,
        arg_min(published_at, (captured_at, source)) as published_at
    from captures
    group by all

),

members as (

    select
        listed.project_id,
        identities.published_at,
        latest.*,
        gone.is_deleted is null as is_alive,
        case
            when gone.is_deleted is null and latest.views >= 50 then latest.views
        end as seen,
        (
            coalesce(latest.likes, 0) + 3 * coalesce(latest.comments, 0)
            + 5 * coalesce(latest.shares, 0) + 6 * coalesce(latest.saves, 0)
        )::double as weighted_engagements
    from identities
    inner join listed using (platform, account_key)
    inner join latest using (platform, platform_post_id)
    left join gone using (platform, platform_post_id)
    where identities.published_at is null or identities.published_at <= $tick

),

pools as (

    select
        project_id,
        count(seen) as scorable,
        median(seen) as median_views
    from members
    group by project_id

),

ranked as (

    select
        platform,
        platform_post_id,
        project_id,
        weighted_engagements / views as engagement_rate,
        percent_rank() over (
            partition by project_id
            order by weighted_engagements / views
        ) as engagement_rate_rank_pct,
        percent_rank() over (partition by project_id order by views) as views_rank_pct
    from members
    where seen is not null

),

measured as (

    select
        members.*,
        pools.scorable,
        ranked.engagement_rate,
        ranked.engagement_rate_rank_pct,
        ranked.views_rank_pct,
        coalesce(pools.scorable >= 3 and members.seen is not null, false) as is_ranked,
        pools.scorable >= 3 and members.is_alive as has_row,
        case when pools.scorable >= 3 then pools.median_views end as baseline_views,
        case when pools.scorable >= 3 then pools.scorable end as pool_size,
        date_diff('microsecond', members.published_at, $tick::timestamptz)
        / 86400000000.0::double as age_days
    from members
    inner join pools using (project_id)
    left join ranked using (platform, platform_post_id, project_id)

),

parts as (

    select
        *,
        8.5::double * 0.45::double * engagement_rate_rank_pct as quality_points,
        8.5::double * 0.25::double * views_rank_pct as reach_points,
        case
            when is_ranked
                then least(greatest(log2(views / baseline_views) / 3, 0), 1)
        end as outperformance,
        case
            when is_ranked
                then coalesce(1.5::double * greatest(1 - age_days / 90, 0), 0)
        end as freshness_points
    from measured

),

summed as (

    select
        *,
        8.5::double * 0.30::double * outperformance as outperformance_points,
        quality_points + reach_points + 8.5::double * 0.30::double * outperformance
        + freshness_points as unclamped
    from parts

),

scored as (

    select
        *,
        case when is_ranked then unclamped end as score_before_clamp,
        case
            when is_ranked then least(greatest(unclamped, 0), 10)
            when has_row then 0
        end as organic_score,
        case
            when views is null then 'views_unknown'
            when views < 50 then 'below_min_views'
        end as unseen
    from summed

),

final as (

    select
        * replace (cast(organic_score as double) as organic_score),
        $tick::timestamptz as scored_at,
        strftime($tick::timestamptz, '%Y%m%dT%H%M') as tick,
        'ugc' as scoring_pool,
        project_id || '/' || platform || ':' || platform_post_id as ads_content_id,
        organic_score - score_before_clamp as clamp_points,
        null::double as start_points,
        null::double as decay_points,
        null::double as boost_points,
        null::double as spend_30d_usd,
        list_filter([
            case when likes is null then 'likes' end,
            case when comments is null then 'comments' end,
            case when shares is null then 'shares' end,
            case when saves is null then 'saves' end,
            case when published_at is null then 'published_at' end
        ], lambda name : name is not null) as missing_metrics,
        case when has_row then unseen end as unscored_reason,
        case when has_row then $tick::timestamptz end as score_of,
        case when has_row then '2' end as scoring_version,
        '2' as rules_version,
        case
            when not has_row and scorable < 3 then 'pool_too_small'
            when not has_row then 'never_scored'
            when unseen is not null then unseen
            when organic_score >= 4 then 'score'
            else 'below_threshold'
        end as reason,
        coalesce(has_row and unseen is null and organic_score >= 4, false) as is_eligible
    from scored

)

select * from final
