-- Grain: one row per ad that a project runs or ran. Key: ad_platform, ad_id.
-- What a layer's ads say goes before what people linked. An ad in layers of two projects is the
-- project's whose content it shows, and else the first one's by name: it counts once.
with

-- import
meta_ads as (select * from layer_meta_ads),

tiktok_ads as (select * from layer_tiktok_ads),

links as (select * from ad_content),

contents as (select * from ads_content),

-- logical
in_layers as (

    select
        'meta' as ad_platform,
        ad_id,
        layer_id,
        project_id,
        ads_content_id,
        ad_name,
        status,
        is_running
    from meta_ads
    union all
    select
        'tiktok' as ad_platform,
        ad_id,
        layer_id,
        project_id,
        ads_content_id,
        ad_name,
        status,
        is_running
    from tiktok_ads

),

in_one_layer as (

    select *
    from in_layers
    qualify
        row_number() over (
            partition by ad_platform, ad_id
            order by ads_content_id is null, project_id, layer_id
        ) = 1

),

newest_links as (

    select
        ad_platform,
        ad_id,
        arg_max(ads_content_id, known_at) as ads_content_id
    from links
    group by ad_platform, ad_id

),

-- final
final as (

    select
        coalesce(in_one_layer.ad_platform, newest_links.ad_platform) as ad_platform,
        coalesce(in_one_layer.ad_id, newest_links.ad_id) as ad_id,
        coalesce(in_one_layer.project_id, contents.project_id) as project_id,
        coalesce(in_one_layer.ads_content_id, newest_links.ads_content_id) as ads_content_id,
        in_one_layer.layer_id,
        in_one_layer.ad_name,
        in_one_layer.status,
        in_one_layer.is_running
    from in_one_layer
    full outer join newest_links
        on
            in_one_layer.ad_platform = newest_links.ad_platform
            and in_one_layer.ad_id = newest_links.ad_id
    left join contents on newest_links.ads_content_id = contents.ads_content_id

)

select * from final
