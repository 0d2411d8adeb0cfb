"""Lists of an ad account's ads, of every status, around those that may not be read.

Belongs here: which lists are asked for, and in which parts where one ad ends a list.
Does not belong here: pages (``lists``), ads that lists hide (``reader``).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from layers_pipeline.json_text import json_text
from layers_pipeline.sources.account_reading import IssueKind
from layers_pipeline.sources.meta_ads.errors import FaultError
from layers_pipeline.sources.meta_ads.lists import PAGE, Row, pages
from layers_pipeline.sources.meta_ads.session import AdsSession
from layers_pipeline.sources.meta_ads.spans import STATUSES, Among

CREATIVE_FIELDS: Final = (
    "id,object_type,effective_instagram_media_id,source_instagram_media_id,"
    "instagram_permalink_url,effective_object_story_id,video_id"
)
AD_FIELDS: Final = (
    "id,name,account_id,campaign_id,adset_id,status,configured_status,effective_status,"
    f"created_time,updated_time,source_ad_id,creative{{{CREATIVE_FIELDS}}}"
)


class AdLists:
    """The ads of one account, as far as lists show them.

    Args:
        session: The conversation.
        path: The account.
        keep: Given the rows of each list that came to its end.
        told: Told what was made smaller, and which ad sets could not be listed.
    """

    def __init__(
        self,
        session: AdsSession,
        path: str,
        *,
        keep: Callable[[Iterable[Row]], None],
        told: Callable[[IssueKind, str, str], None],
    ) -> None:
        self._session, self._path = session, path
        self._keep, self._told = keep, told

    async def read(self) -> None:
        """List the ads of every status; an ad set of one that may not be read is named.

        Raises:
            FaultError: The platform refuses the lists themselves.
        """
        try:
            self._keep(await self._rows("ads", AD_FIELDS))
        except FaultError as refused:
            # One ad that may not be read ends a list; without the right, the next list fails too.
            if refused.fault.kind != "not_permitted":
                raise
            sets = sorted(str(row["id"]) for row in await self._rows("adsets", "id"))
            if not sets:
                raise
            await self._around(sets)

    async def _around(self, ad_sets: Sequence[str]) -> None:
        """List the ads of some ad sets, in halves, until only what is barred is left."""
        try:
            self._keep(await self._rows("ads", AD_FIELDS, ad_sets=ad_sets))
        except FaultError as again:
            if again.fault.kind != "not_permitted":
                raise
            if len(ad_sets) > 1:
                middle = len(ad_sets) // 2
                await self._around(ad_sets[:middle])
                await self._around(ad_sets[middle:])
            else:
                self._told("not_permitted", again.fault.message, ad_sets[0])

    async def _rows(self, edge: str, fields: str, *, ad_sets: Sequence[str] = ()) -> list[Row]:
        """Every row of a list of the account's, of some ad sets or of all."""
        params = {"fields": fields, "effective_status": json_text(list(STATUSES))}
        if ad_sets:
            wanted = Among(field="adset.id", values=tuple(ad_sets))
            params["filtering"] = json_text([wanted.filter()])
        path = f"{self._path}/{edge}"
        return await pages(self._session, path, params, key="id", smaller=self._smaller, limit=PAGE)

    def _smaller(self, limit: int) -> None:
        self._told("page_made_smaller", f"lists: pages of {limit} from here on", "")
