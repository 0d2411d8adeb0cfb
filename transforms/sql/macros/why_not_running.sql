-- Grain: one row per project and thing that keeps the content $post from running as an ad, at the
-- project's newest tick by $as_of (null: its newest); one row without a blocker where it runs.
-- Key: project_id, ads_content_id, place. Place 1 is the first blocker.
with

-- import
standing as (select * from blocker_facts($post, $as_of)),

said as (select * from selection_blockers()),

-- logical
told as (

    select
        standing.*,
        unnest(standing.asked) as blocker,
        generate_subscripts(standing.asked, 1) as place
    from standing

),

-- final
final as (

    select
        told.project_id,
        told.ads_content_id,
        told.scored_at,
        told.status,
        told.place,
        told.blocker,
        case
            when told.blocker is null then 'it runs: ' || coalesce(told.ads, 'an ad shows it')
            when told.blocker = told.reason then told.words
            else coalesce(
                first_filled(said.sentences, told.facts), error('no words for ' || told.blocker)
            )
        end as words,
        case
            when told.blocker is null then 'none needed'
            when told.blocker = told.reason then told.remedy
            else coalesce(
                first_filled(said.remedies, told.facts), error('no remedy for ' || told.blocker)
            )
        end as remedy,
        told.layer_id,
        told.ad_set_id
    from told
    left join said on told.blocker = said.blocker

)

select * from final
order by project_id, ads_content_id, place
