"""One account's conversation with the Graph API: single requests and batches, answers sorted out.

Belongs here: authorisation, tries of a whole request, usage headers, what must never be shown.
Does not belong here: which requests are made, and what becomes of an item that is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import Clock
from layers_pipeline.errors import (
    SourceMalformedError,
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
    refusal,
    without_body,
)
from layers_pipeline.sources.instagram.errors import SOURCE, THROTTLES, GraphFault, fault_of
from layers_pipeline.sources.instagram.requests import Wanted
from layers_pipeline.sources.instagram.wire import headers_of
from layers_pipeline.sources.rate_limits import Usage, UsageBudgets, usage_of

BATCH_MAX: Final = 50


@dataclass(frozen=True, kw_only=True)
class Graph:
    """How the Graph API is spoken to, whosever account it is."""

    http: httpx.AsyncClient
    version: str
    clock: Clock
    budgets: UsageBudgets
    app_secret: SecretStr = NO_SECRET
    retries: RetryPolicy = DEFAULT_RETRIES


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one request: an object, or a fault."""

    received_at: datetime
    body: Mapping[str, Any]
    fault: GraphFault | None = None


class GraphSession:
    """The requests of one reading of one account, counted."""

    def __init__(self, graph: Graph, account_key: str, token: SecretStr) -> None:
        self._graph = graph
        self._account_key = account_key
        self._token = token
        self._proof = proof_of(graph.app_secret, token)
        secrets = [token.get_secret_value(), graph.app_secret.get_secret_value()]
        self._redactor = Redactor([*secrets, *self._proof.values()])
        self._retrying = graph.retries.caller(on=self._worth_retrying)
        self.calls = 0

    async def get(self, wanted: Wanted) -> Answer:
        """The answer to one request.

        Raises:
            SourceError: There was none after all tries, or none may be asked for.
        """
        status, headers, found = await self._asked(
            "GET", wanted.path, params={**wanted.params, **self._proof}
        )
        return self._answer(found, status=status, headers=headers)

    async def batch(self, wanted: Sequence[Wanted]) -> list[Answer] | GraphFault:
        """The answers to up to 50 requests, in their order; each may be a fault by itself.

        A fault instead of answers says that the host takes no batches at all.

        Raises:
            SourceError: There was none after all tries, or the batch was refused whole.
        """
        requests = [{"method": "GET", "relative_url": one.relative_url} for one in wanted]
        form = {"batch": json.dumps(requests), **self._proof}
        status, headers, found = await self._asked("POST", "", data=form)
        fault = self._fault(found, status=status, headers=headers)
        if fault and fault.kind == "unsupported":
            return fault
        if fault:
            raise fault.error()
        if not isinstance(found, list) or len(found) > len(wanted):
            raise SourceMalformedError(SOURCE, "batch: answer that is no list of as many")
        unanswered = [None] * (len(wanted) - len(found))
        return [self._element(element) for element in [*found, *unanswered]]

    def unanswered(self, message: str) -> Answer:
        """The answer where there was none, which another try may bring."""
        return self._refused(GraphFault(kind="passing", message=message))

    def text_of(self, found: object) -> str:
        return self._redactor.json_text(found)

    async def _asked(
        self,
        method: str,
        path: str,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> tuple[int, Mapping[str, str], object]:
        auth = auth_of(SOURCE, self._token, remedy="Connect the account again.")

        # The retrying logs what it is called with; a closure shows no request.
        async def once() -> tuple[int, Mapping[str, str], object]:
            self._graph.budgets.check(SOURCE, self._account_key)
            self.calls += 1
            address = f"/{self._graph.version}/{path}"
            http = self._graph.http
            response = await answered(http, SOURCE, method, address, auth=auth, **options)
            self._note(usage_of(response.headers, account_key=self._account_key))
            return response.status_code, response.headers, self._json(response)

        try:
            return await self._retrying(once)
        except SourceThrottledError as error:
            self._graph.budgets.hold(self._account_key, error)
            raise

    def _worth_retrying(self, error: Exception) -> bool | float:
        spent = self._graph.budgets.is_spent(SOURCE, self._account_key)
        return not spent and self._graph.retries.worth_retrying(error)

    def _note(self, usage: Usage) -> None:
        self._graph.budgets.note(SOURCE, self._account_key, usage)

    def _json(self, response: httpx.Response) -> object:
        """The answer's JSON, unless the same request may have a better answer in a moment."""
        status, headers = response.status_code, response.headers
        found = parsed(response.content)
        fault = self._fault(found, status=status, headers=headers)
        if fault is None and not (response.is_success and isinstance(found, dict | list)):
            raise unreadable(SOURCE, response, api="the Graph API's")
        if fault and fault.code is None and status == httpx.codes.TOO_MANY_REQUESTS:
            raise refusal(SOURCE, without_body(response))
        if fault and fault.kind == "passing":
            raise fault.error()
        return found

    def _element(self, element: object) -> Answer:
        if element is None:
            return self._refused(GraphFault(kind="passing", message="no answer (null)."))
        found = element if isinstance(element, dict) else {}
        status, headers, body = (
            found.get("code"),
            headers_of(found.get("headers")),
            found.get("body"),
        )
        self._note(usage_of(headers, account_key=self._account_key))
        return self._answer(
            parsed(body) if isinstance(body, str) else body,
            status=status if isinstance(status, int) else httpx.codes.OK,
            headers=headers,
        )

    def _answer(self, found: object, *, status: int, headers: Mapping[str, str]) -> Answer:
        if fault := self._fault(found, status=status, headers=headers):
            return self._refused(fault)
        if not isinstance(found, dict) or status >= httpx.codes.BAD_REQUEST:
            message = f"HTTP {status} that is neither an object nor an error of the platform's."
            return self._refused(GraphFault(kind="malformed", message=message))
        return Answer(received_at=self._graph.clock.now(), body=found)

    def _refused(self, fault: GraphFault) -> Answer:
        return Answer(received_at=self._graph.clock.now(), body={}, fault=fault)

    def _fault(
        self, found: object, *, status: int, headers: Mapping[str, str]
    ) -> GraphFault | None:
        fault = fault_of(
            found,
            status=status,
            clean=self._redactor.clean,
            retry_after_s=wait_s(headers, usage_of(headers, account_key=self._account_key)),
        )
        if fault and fault.kind in THROTTLES and fault.code is not None:
            self.hold(fault)
        if fault and fault.kind == "unknown_path":
            return replace(fault, message=f"{fault.message} Asked of {self._graph.version}.")
        return fault

    def hold(self, fault: GraphFault) -> None:
        """Let everybody whom a throttle means wait."""
        error = fault.error()
        if isinstance(error, SourceThrottledError):
            self._graph.budgets.hold(self._account_key, error)
