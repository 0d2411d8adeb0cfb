-- Grain: one row per project that ever listed the content $post, and one without a project if none
-- did. Key: project_id, container_id.
-- $post is a post id, a container id or an ads content id.
with

-- import
contents as (select * from ads_content),

containers as (select * from content_containers),

posts as (select * from platform_posts),

-- final
final as (

    select
        containers.container_id,
        containers.platform,
        containers.platform_post_id,
        contents.ads_content_id,
        contents.project_id,
        contents.scoring_pool,
        posts.account_key,
        posts.published_at,
        containers.created_at as first_known_at
    from containers
    left join contents on containers.container_id = contents.container_id
    left join posts
        on
            containers.platform = posts.platform
            and containers.platform_post_id = posts.platform_post_id
    where
        $post in (containers.container_id, containers.platform_post_id, contents.ads_content_id)

)

select * from final
