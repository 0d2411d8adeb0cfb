-- Grain: the rows of eligibility_as_of($post, $as_of), with the numbers that the reason is about,
-- the reason in words, and the remedy. Key: project_id, ads_content_id.
with

-- import
judged as (select * from eligibility_as_of($post, $as_of)),

small_pools as (select * from small_pools($post, $as_of)),

scores as (select * from organic_scores),

accounts as (select * from platform_accounts),

rules as (select * from scoring_rules()),

-- logical
numbered as (

    select
        judged.*,
        rules.*,
        scores.views,
        accounts.project_id as owned_by,
        judged.platform || ':' || judged.account_key as account_name,
        strftime(timezone('UTC', judged.scored_at), '%Y-%m-%d %H:%M') as tick,
        strftime(timezone('UTC', judged.deleted_at), '%Y-%m-%d %H:%M') as deleted_text,
        strftime(timezone('UTC', judged.first_known_at), '%Y-%m-%d %H:%M') as known_text,
        strftime(timezone('UTC', judged.published_at), '%Y-%m-%d %H:%M') as published_text,
        coalesce(format('{:.2f}', judged.organic_score), 'none') as score_text,
        coalesce(small_pools.scorable_posts, 0) as scorable_posts
    from judged
    inner join rules on coalesce(judged.scoring_version = rules.version, rules.is_active)
    left join scores
        on
            judged.ads_content_id = scores.ads_content_id
            and judged.score_of = scores.scored_at
            and judged.scoring_version = scores.scoring_version
    left join small_pools on judged.project_id = small_pools.project_id
    left join accounts
        on judged.platform = accounts.platform and judged.account_key = accounts.account_key

),

-- final
final as (

    select
        project_id,
        ads_content_id,
        container_id,
        scoring_pool,
        platform,
        platform_post_id,
        published_at,
        deleted_at,
        scored_at,
        is_eligible,
        reason,
        organic_score,
        score_of,
        scoring_version,
        case reason
            when 'score'
                then
                    format(
                        'eligible: its score of {} reaches {:.1f}', score_text, threshold
                    )
            when 'included'
                then
                    format(
                        'eligible: a person included it, whatever its score (it is {})', score_text
                    )
            when 'excluded'
                then
                    format(
                        'not eligible: a person excluded it, whatever its score (it is {})',
                        score_text
                    )
            when 'below_threshold'
                then
                    format(
                        'not eligible: its score of {:.2f} is below {:.1f}',
                        -- Never shown as the threshold that it missed.
                        least(round(organic_score, 2), threshold - 0.01), threshold
                    )
            when 'safety_failed'
                then
                    'not eligible: its newest safety review failed it, which makes any score 0'
            when 'below_min_views'
                then
                    format(
                        'not eligible: {:,} views were known, and {} are needed for a score',
                        views, min_views
                    )
            when 'views_unknown'
                then
                    format(
                        'not eligible: its views were unknown, and {} are needed for a score',
                        min_views
                    )
            when 'pool_too_small'
                then
                    format(
                        'not eligible: never scored, as its pool had {} scorable post{}, not {}',
                        scorable_posts, if(scorable_posts = 1, '', 's'), min_pool
                    )
            when 'never_scored'
                then
                    coalesce(
                        'not eligible: never scored, as it was deleted (confirmed '
                        || deleted_text
                        || ')',
                        'not eligible: no score was made of it'
                    )
            when 'no_tick' then 'not judged: no tick of its project was scored by then'
            when 'not_known_yet'
                then
                    format(
                        'not judged: nothing was known of it at {} (first known {})',
                        tick,
                        known_text
                    )
            when 'came_in_since'
                then format('not judged: it was not known yet when {} was scored', tick)
            when 'not_published_yet'
                then
                    format(
                        'not judged: it was published {}, after {}', published_text, tick
                    )
            when 'not_on_allowlist'
                then
                    coalesce(
                        format(
                            'not judged: the allowlist of {} did not have {} at {}',
                            project_id, account_name, tick
                        ),
                        format(
                            'not judged: {} is an account of {} itself, whose posts are in no pool',
                            account_name, owned_by
                        ),
                        format('not judged: no project has {} on its allowlist', account_name),
                        'not judged: it is content of no project'
                    )
            else 'not judged: nothing of this id was published'
        end as words,
        case
            when is_eligible and deleted_at is not null
                then
                    'none: it is deleted, so it cannot be picked unless it comes back'
            when is_eligible then 'none needed'
            when reason = 'excluded' then 'take the override back, if it should run after all'
            when reason = 'safety_failed' and scoring_pool = 'ugc'
                then
                    'no override helps; only a newer review that it passes'
            when reason = 'safety_failed'
                then
                    'no override helps; generate or upload it anew'
            when deleted_at is not null then 'none, unless the post comes back'
            when reason = 'below_threshold' and scoring_pool = 'ugc'
                then
                    'to outdo more of its pool in engagement or views, or an override to include it'
            when reason = 'below_threshold'
                then
                    format(
                        'ad spend (a point per {:.2f} USD in {} days, at most {:g}), or an '
                        || 'override to include it',
                        usd_per_boost_point,
                        boost_days,
                        boost_max
                    )
            when reason in ('below_min_views', 'views_unknown')
                then
                    format(
                        'a sync that shows {} views or more, or an override to include it',
                        min_views
                    )
            when reason = 'pool_too_small'
                then
                    format(
                        'more creators, or {} posts with {} views; or an override to include it',
                        min_pool, min_views
                    )
            when reason in ('never_scored', 'no_tick')
                then
                    'score a tick: layers-pipeline score --at TICK'
            when reason = 'came_in_since'
                then strftime(
                    timezone('UTC', scored_at),
                    'score the tick again: layers-pipeline score --at %Y-%m-%d-%H:%M'
                )
            when reason in ('not_known_yet', 'not_published_yet') then 'ask for a later tick'
            when reason = 'not_on_allowlist' and account_name is not null
                then
                    format(
                        'layers-pipeline creator allow {} --project {}',
                        account_name, coalesce(project_id, 'PROJECT')
                    )
            else 'check the id; sync or import what it is of, then publish'
        end as remedy
    from numbered

)

select * from final
order by project_id, ads_content_id
