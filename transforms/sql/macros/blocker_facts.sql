-- Grain: the rows of blockers_at($post, $as_of), with what sentences on blockers may name.
-- Key: project_id, ads_content_id.
with

-- import
standing as (select * from blockers_at($post, $as_of)),

contents as (select * from contents_of($post)),

ads as (select * from ads_showing($post, $as_of)),

problems as (select * from sync_problems),

layers_known as (select * from layers),

-- logical
owned as (

    select
        standing.*,
        contents.platform || ':' || contents.account_key as account_id
    from standing
    left join contents on standing.ads_content_id = contents.ads_content_id

),

listed_ads as (

    select
        project_id,
        string_agg(
            ad_platform || ' ' || ad_id || ' (' || status || ')', ', '
            order by ad_platform, ad_id
        ) as ads
    from ads
    group by project_id

),

failing as (

    select
        owned.project_id,
        problems.problem,
        problems.remedy
    from owned
    inner join problems
        on owned.account_id = problems.account_id and owned.scored_at >= problems.known_at
    qualify row_number() over (partition by owned.project_id order by problems.known_at desc) = 1

),

of_layers as (

    select distinct
        layer_id,
        ad_platform
    from layers_known

),

-- final
final as (

    select
        owned.*,
        listed_ads.ads,
        if(len(owned.blockers) = 0, [null]::varchar[], owned.blockers) as asked,
        map {
            'project': owned.project_id,
            'container': owned.container_id,
            'account': owned.account_id,
            'problem': failing.problem,
            'sync_remedy': failing.remedy,
            'score': format('{:.2f}', owned.organic_score),
            'tick': in_utc(owned.scored_at),
            'deleted': in_utc(owned.deleted_at),
            'pool': owned.scoring_pool,
            'rank': format('{}', owned.rank),
            'layer': owned.layer_id,
            'ad_set': owned.ad_set_id,
            'right': case of_layers.ad_platform
                when 'meta' then 'branded_content' when 'tiktok' then 'spark_code'
            end,
            'right_for': 'post:' || owned.container_id,
            'ads': listed_ads.ads
        } as facts
    from owned
    left join of_layers on owned.layer_id = of_layers.layer_id
    left join failing on owned.project_id = failing.project_id
    left join listed_ads on owned.project_id = listed_ads.project_id

)

select * from final
