-- Grain: one row per post that was known at $as_of. Key: platform, platform_post_id.
-- Publication, kind and address are those that were known then.
with

-- import
posts as (select * from platform_posts),

known as (select * from counts_known($as_of)),

since as (select * from counts_since($as_of)),

words as (select * from words_known($as_of)),

deleted as (select * from deleted_at($as_of)),

-- final
final as (

    select
        posts.platform,
        posts.platform_post_id,
        posts.account_key,
        coalesce(
            words.media_type, case when posts.content_at <= $as_of then posts.media_type end
        ) as media_type,
        coalesce(
            words.published_at, case when posts.is_identity_settled then posts.published_at end
        ) as published_at,
        coalesce(
            words.permalink, case when posts.content_at <= $as_of then posts.permalink end
        ) as permalink,
        known.* exclude (platform, platform_post_id), -- noqa: RF02
        (epoch_us(cast($as_of as timestamptz)) - epoch_us(since.views_at))
        / 3600000000 as views_age_hours,
        (epoch_us(cast($as_of as timestamptz)) - epoch_us(since.likes_at))
        / 3600000000 as likes_age_hours,
        (epoch_us(cast($as_of as timestamptz)) - epoch_us(since.comments_at))
        / 3600000000 as comments_age_hours,
        (epoch_us(cast($as_of as timestamptz)) - epoch_us(since.shares_at))
        / 3600000000 as shares_age_hours,
        (epoch_us(cast($as_of as timestamptz)) - epoch_us(since.saves_at))
        / 3600000000 as saves_age_hours,
        deleted.deleted_at is not null as is_deleted
    from known
    inner join since
        on
            known.platform = since.platform
            and known.platform_post_id = since.platform_post_id
    inner join posts
        on
            known.platform = posts.platform
            and known.platform_post_id = posts.platform_post_id
    left join words
        on
            known.platform = words.platform
            and known.platform_post_id = words.platform_post_id
    left join deleted
        on
            known.platform = deleted.platform
            and known.platform_post_id = deleted.platform_post_id

)

select * from final
