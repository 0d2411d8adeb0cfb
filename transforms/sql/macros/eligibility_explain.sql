-- Grain: the rows of eligibility_as_of($post, $as_of), with the reason in words, and the remedy.
-- Key: project_id, ads_content_id.
-- Sentences are those of eligibility_reasons(), of which the first fits that names known facts
-- alone. A reason without words is an error.
with

-- import
judged as (select * from effective_score($post, $as_of)),

pools as (select * from small_pools($post, $as_of)),

accounts as (select * from platform_accounts),

reasons as (select * from eligibility_reasons()),

-- logical
explained as (

    select
        judged.*,
        reasons.verdicts,
        reasons.remedies,
        map {
            'post': if(judged.scoring_pool = 'ugc', judged.platform_post_id, null),
            'project': judged.project_id,
            'account': judged.platform || ':' || judged.account_key,
            'owner': accounts.project_id,
            'tick': in_utc(judged.scored_at),
            'tick_key': tick_key(judged.scored_at),
            'deleted': in_utc(judged.deleted_at),
            'first_known': in_utc(judged.first_known_at),
            'published': in_utc(judged.published_at),
            'score': coalesce(format('{:.2f}', judged.organic_score), 'none'),
            -- Never shown as the threshold that it missed.
            'score_below': format(
                '{:.2f}', least(round(judged.organic_score, 2), judged.threshold - 0.01)
            ),
            'threshold': format('{:.1f}', judged.threshold),
            'views': format('{:,}', judged.views),
            'min_views': format('{}', judged.min_views),
            'min_pool': format('{}', judged.min_pool),
            'scorable_posts': format(
                '{} scorable post{}',
                coalesce(pools.scorable_posts, 0), if(pools.scorable_posts = 1, '', 's')
            ),
            'usd_per_boost_point': format('{:.2f}', judged.usd_per_boost_point),
            'boost_days': format('{}', judged.boost_days),
            'boost_max': format('{:g}', judged.boost_max)
        } as facts
    from judged
    left join reasons on judged.reason = reasons.reason
    left join pools on judged.project_id = pools.project_id
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
        coalesce(first_filled(verdicts, facts), error('no words for reason ' || reason)) as words,
        coalesce(first_filled(remedies, facts), error('no remedy for reason ' || reason)) as remedy
    from explained

)

select * from final
order by project_id, ads_content_id
