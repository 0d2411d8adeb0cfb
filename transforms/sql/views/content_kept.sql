-- Grain: one row per content of $project_id that a filter keeps. Key: ads_content_id.
-- A filter that is null keeps everything; several filters hold together.
select *
from content_detail
where
    project_id = $project_id
    and ($platforms is null or list_contains($platforms, platform))
    and ($media_types is null or list_contains($media_types, media_type))
    and ($pools is null or list_contains($pools, scoring_pool))
    and ($accounts is null or list_contains($accounts, platform || ':' || account_key))
    and ($creators is null or list_contains($creators, creator_id))
    and ($published_from is null or published_on >= $published_from)
    and ($published_until is null or published_on <= $published_until)
    and ($score_min is null or organic_score >= $score_min)
    and ($score_max is null or organic_score <= $score_max)
    and ($eligible is null or is_eligible = $eligible)
    and ($running is null or is_running = $running)
    and ($is_deleted is null or is_deleted = $is_deleted)
    and ($override is null or override = $override)
    and ($is_overridden is null or (override is not null) = $is_overridden)
    and (
        $search is null
        or contains(lower(caption), $search)
        or contains(lower(prompt), $search)
        or contains(lower(influencer), $search)
        or contains(lower(account_key), $search)
        or contains(lower(container_id), $search)
    )
