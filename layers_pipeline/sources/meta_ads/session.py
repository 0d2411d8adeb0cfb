"""One ad account's conversation with the Marketing API: requests, tries, waits, secrets.

Belongs here: authorisation, tries of a whole request, usage headers, what must never be shown.
Does not belong here: which requests are made, and what becomes of a refusal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import (
    SourceThrottledError,
)
from layers_pipeline.redacting import Redactor
from layers_pipeline.sources.graph import (
    NO_SECRET,
    auth_of,
    parsed,
    proof_of,
    unreadable,
    wait_s,
)
from layers_pipeline.sources.http import (
    DEFAULT_RETRIES,
    RetryPolicy,
    answered,
)
from layers_pipeline.sources.meta_ads.errors import SOURCE, THROTTLES, FaultError, fault_of
from layers_pipeline.sources.rate_limits import Usage, UsageBudgets, usage_of

THROTTLE_HEADER: Final = "x-fb-ads-insights-throttle"
VERSION_HEADER: Final = "x-ad-api-version-warning"
Params = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class MarketingApi:
    """How the Marketing API is spoken to, whosever ad account it is."""

    http: httpx.AsyncClient
    version: str
    clock: Clock
    budgets: UsageBudgets
    app_secret: SecretStr = NO_SECRET
    retries: RetryPolicy = DEFAULT_RETRIES


class AdsSession:
    """The requests of one reading of one ad account, counted."""

    def __init__(self, api: MarketingApi, ad_account_id: str, token: SecretStr) -> None:
        self._api, self._account, self._token = api, ad_account_id, token
        self._proof = proof_of(api.app_secret, token)
        secrets = [token.get_secret_value(), api.app_secret.get_secret_value()]
        self._redactor = Redactor([*secrets, *self._proof.values()])
        self._retrying = api.retries.caller(on=self._worth_retrying)
        self.calls = 0
        self.version_notice = ""
        """What Meta says of the version that is spoken; empty: nothing."""

    @property
    def now(self) -> datetime:
        return self._api.clock.now()

    @property
    def retries(self) -> RetryPolicy:
        return self._api.retries

    async def get(self, path: str, params: Params) -> dict[str, Any]:
        """The object at a path.

        Raises:
            FaultError: The platform refused in its own words, for good or for another request.
            SourceError: There was no answer after all tries, or none may be asked for.
        """
        return await self._asked("GET", path, params={**params, **self._proof})

    async def post(self, path: str, params: Params) -> dict[str, Any]:
        """The answer to a form; errors as of ``get``."""
        return await self._asked("POST", path, data={**params, **self._proof})

    def text_of(self, found: object) -> str:
        """JSON text without secrets."""
        return self._redactor.json_text(found)

    async def _asked(
        self,
        method: str,
        path: str,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> dict[str, Any]:
        auth = auth_of(SOURCE, self._token, remedy="Connect the ad account again.")

        # The retrying logs what it is called with; a closure shows no request.
        async def once() -> dict[str, Any]:
            self._api.budgets.check(SOURCE, self._account)
            self.calls += 1
            address = f"/{self._api.version}/{path}"
            response = await answered(self._api.http, SOURCE, method, address, auth=auth, **options)
            self._note(response.headers)
            return self._object(response)

        try:
            return await self._retrying(once)
        except SourceThrottledError as error:
            self._api.budgets.hold(self._account, error)
            raise

    def _worth_retrying(self, error: Exception) -> bool | float:
        spent = self._api.budgets.is_spent(SOURCE, self._account)
        return not spent and self._api.retries.worth_retrying(error)

    def _note(self, headers: Mapping[str, str]) -> None:
        self._api.budgets.note(SOURCE, self._account, ads_usage(headers, self._account))
        self.version_notice = self._redactor.clean(headers.get(VERSION_HEADER, "")[:200])

    def _object(self, response: httpx.Response) -> dict[str, Any]:
        found, status = parsed(response.content), response.status_code
        fault = fault_of(
            found,
            status=status,
            clean=self._redactor.clean,
            retry_after_s=wait_s(response.headers, ads_usage(response.headers, self._account)),
        )
        if fault and (fault.kind in THROTTLES or fault.kind == "passing"):
            raise fault.error()
        if fault:
            raise FaultError(fault)
        if not (response.is_success and isinstance(found, dict)):
            raise unreadable(SOURCE, response, api="the Marketing API's")
        return found


def ads_usage(headers: Mapping[str, str], ad_account_id: str) -> Usage:
    """What an answer says of the allowances for ads: by business use case, and of insights."""
    usage = usage_of(headers, account_key=ad_account_id, is_ads=True)
    try:
        found = json.loads(headers.get(THROTTLE_HEADER, "") or "{}")
    except (ValueError, RecursionError):
        return usage
    throttle = found if isinstance(found, dict) else {}
    return replace(
        usage,
        app_pct=max(usage.app_pct, _pct(throttle.get("app_id_util_pct"))),
        account_pct=max(usage.account_pct, _pct(throttle.get("acc_id_util_pct"))),
    )


def _pct(value: object) -> float:
    """Percent used; 0 for whatever is no number."""
    return max(0.0, min(value, 1e6)) if isinstance(value, int | float) else 0.0
