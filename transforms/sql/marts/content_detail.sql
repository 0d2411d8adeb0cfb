-- Grain: one row per content of a project: a post or a creative, as it stands now. Key:
-- ads_content_id. Counts are the lifetime so far, each the last known.
with

-- import
contents as (select * from ads_content),

containers as (select * from content_containers),

zones as (select * from projects),

posts as (select * from platform_posts),

counts as (select * from platform_post_metrics_latest),

accounts as (select * from project_accounts),

creative as (select * from creatives),

judged as (select * from ad_eligibility_current),

said as (select * from project_ads_content),

ads as (select * from content_ads),

-- final
final as (

    select
        contents.ads_content_id,
        contents.project_id,
        contents.container_id,
        contents.scoring_pool,
        posts.platform,
        posts.platform_post_id,
        posts.account_key,
        accounts.creator_id,
        posts.media_type,
        posts.caption,
        posts.permalink,
        posts.media_url,
        creative.prompt,
        creative.influencer,
        creative.media_source,
        coalesce(posts.published_at, creative.created_at) as published_at,
        cast(timezone(
            zones.time_zone, coalesce(posts.published_at, creative.created_at)
        ) as date) as published_on,
        posts.first_seen_at,
        posts.deleted_at,
        posts.deleted_at is not null as is_deleted,
        counts.last_checked_at,
        counts.views,
        counts.likes,
        counts.comments,
        counts.shares,
        counts.saves,
        counts.reach,
        (counts.likes + counts.comments + counts.shares + counts.saves)
        / nullif(counts.views, 0) as interaction_rate,
        judged.organic_score,
        judged.score_of,
        judged.scoring_version,
        judged.scored_at,
        coalesce(judged.is_eligible, false) as is_eligible,
        coalesce(judged.reason, 'never_scored') as reason,
        said.override,
        said.note as override_note,
        said.approval,
        coalesce(ads.ads, 0) as ads,
        coalesce(ads.running_ads, 0) as running_ads,
        coalesce(ads.running_ads, 0) > 0 as is_running,
        ads.currency,
        ads.spend_cents,
        ads.impressions,
        ads.clicks,
        ads.conversions
    from contents
    inner join containers on contents.container_id = containers.container_id
    inner join zones on contents.project_id = zones.project_id
    left join posts
        on
            containers.platform = posts.platform
            and containers.platform_post_id = posts.platform_post_id
    left join counts
        on
            posts.platform = counts.platform
            and posts.platform_post_id = counts.platform_post_id
    left join accounts
        on
            contents.project_id = accounts.project_id
            and posts.platform = accounts.platform
            and posts.account_key = accounts.account_key
    left join creative
        on
            contents.project_id = creative.project_id
            and contents.container_id = creative.container_id
    left join judged on contents.ads_content_id = judged.ads_content_id
    left join said on contents.ads_content_id = said.ads_content_id
    left join ads on contents.ads_content_id = ads.ads_content_id

)

select * from final
