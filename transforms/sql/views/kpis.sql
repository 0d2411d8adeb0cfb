-- Grain: one row per period and day of it of which anything is known of a project, and one per
-- period as a whole, whose day_on is null. Key: period, day_on. The period 'now' goes from
-- $first_day to $last_day; 'before' are as many days before it. …_change and figures of ads are
-- activity in the period; published_… is the lifetime so far of posts published in it; followers
-- are those at its end. Reach and money of several currencies are never summed, so neither is here.
with

-- import
days as (

    select *
    from project_kpis_daily
    where project_id = $project_id

),

rules as (

    select *
    from scoring_rules()
    where is_active

),

-- logical
placed as (

    select
        *,
        if(day_on >= cast($first_day as date), 'now', 'before') as period
    from days
    where
        day_on <= cast($last_day as date)
        and date_diff('day', day_on, cast($first_day as date))
        <= date_diff('day', cast($first_day as date), cast($last_day as date)) + 1

),

summed as (

    select
        period,
        day_on,
        count(posts_looked_at) as days_looked_at,
        cast(coalesce(sum(published_posts), 0) as bigint) as published_posts,
        cast(sum(views_change) as bigint) as views_change,
        cast(sum(likes_change) as bigint) as likes_change,
        cast(sum(comments_change) as bigint) as comments_change,
        cast(sum(shares_change) as bigint) as shares_change,
        cast(sum(saves_change) as bigint) as saves_change,
        cast(sum(interactions_change) as bigint) as interactions_change,
        cast(sum(published_views) as bigint) as published_views,
        cast(sum(published_likes) as bigint) as published_likes,
        cast(sum(published_comments) as bigint) as published_comments,
        cast(sum(published_shares) as bigint) as published_shares,
        cast(sum(published_saves) as bigint) as published_saves,
        arg_max(followers, day_on) as followers,
        arg_max(accounts_with_followers, day_on) as accounts_with_followers,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions
    from placed
    group by grouping sets ((period), (period, day_on))

),

weighed as (

    select
        summed.*,
        list_sum([
            summed.published_likes,
            summed.published_comments,
            summed.published_shares,
            summed.published_saves
        ]) as published_interactions,
        list_sum([
            rules.like_weight * summed.likes_change,
            rules.comment_weight * summed.comments_change,
            rules.share_weight * summed.shares_change,
            rules.save_weight * summed.saves_change
        ]) as weighted_change,
        list_sum([
            rules.like_weight * summed.published_likes,
            rules.comment_weight * summed.published_comments,
            rules.share_weight * summed.published_shares,
            rules.save_weight * summed.published_saves
        ]) as published_weighted,
        if(summed.views_change > 0, summed.views_change, null) as gained_views
    from summed
    cross join rules

),

-- final
final as (

    select
        * exclude (gained_views),
        interactions_change / gained_views as interaction_rate,
        weighted_change / gained_views as engagement_rate,
        published_interactions / nullif(published_views, 0) as published_interaction_rate,
        published_weighted / nullif(published_views, 0) as published_engagement_rate,
        clicks / nullif(impressions, 0) as click_rate
    from weighed

)

select * from final
order by period, day_on nulls first
