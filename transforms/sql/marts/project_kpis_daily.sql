-- Grain: one row per project and day of its time zone on which anything happened. Key: project_id,
-- day_on. …_change and what ads did is activity of the day; published_… is the lifetime so far of
-- the posts that were published on it. Reach is never summed, so it is not here.
with

-- import
activity as (select * from account_activity_daily),

spend as (select * from project_spend_daily),

followers as (select * from project_followers_daily),

published as (select * from project_posts_published_daily),

-- logical
organic as (

    select
        project_id,
        day_on,
        cast(sum(posts_looked_at) as bigint) as posts_looked_at,
        cast(sum(posts_with_views_change) as bigint) as posts_with_views_change,
        cast(sum(views_change) as bigint) as views_change,
        cast(sum(likes_change) as bigint) as likes_change,
        cast(sum(comments_change) as bigint) as comments_change,
        cast(sum(shares_change) as bigint) as shares_change,
        cast(sum(saves_change) as bigint) as saves_change,
        cast(sum(interactions_change) as bigint) as interactions_change
    from activity
    group by project_id, day_on

),

paid as (

    select
        project_id,
        day_on,
        count(*) as currencies,
        if(count(*) = 1, any_value(currency), null) as currency,
        if(count(*) = 1, any_value(spend_cents), null) as spend_cents,
        if(count(*) = 1, any_value(conversion_value_cents), null) as conversion_value_cents,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions
    from spend
    group by project_id, day_on

),

-- final
final as (

    select
        project_id,
        day_on,
        organic.posts_looked_at,
        organic.posts_with_views_change,
        organic.views_change,
        organic.likes_change,
        organic.comments_change,
        organic.shares_change,
        organic.saves_change,
        organic.interactions_change,
        organic.interactions_change / if(organic.views_change > 0, organic.views_change, null)
            as interaction_rate,
        published.published_posts,
        published.published_views,
        published.published_likes,
        published.published_comments,
        published.published_shares,
        published.published_saves,
        followers.followers,
        followers.accounts_with_followers,
        coalesce(paid.currencies, 0) as currencies,
        paid.currency,
        paid.spend_cents,
        paid.impressions,
        paid.clicks,
        paid.conversions,
        paid.conversion_value_cents,
        paid.clicks / nullif(paid.impressions, 0) as click_rate,
        paid.spend_cents / nullif(paid.conversions, 0) as cpa_cents,
        paid.conversion_value_cents / nullif(paid.spend_cents, 0) as roas_ratio
    from organic
    full outer join paid using (project_id, day_on) -- noqa: ST07
    full outer join published using (project_id, day_on) -- noqa: ST07
    full outer join followers using (project_id, day_on) -- noqa: ST07

)

select * from final
