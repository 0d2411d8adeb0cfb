"""Errors as RFC 9457 problem details: the one shape in which the sandbox says no.

Belongs here: the document, the exception that becomes one, the handlers.
Does not belong here: when to say no.
"""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

PROBLEM_JSON: Final = "application/problem+json"


class Problem(BaseModel):
    """Why a request was refused, after RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Always `about:blank`: the status says which kind.")
    title: str = Field(description="The HTTP status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status code.", examples=[404])
    detail: str = Field(description="What is wrong, and with what.", examples=["no such scrape"])


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def problem_response(
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """A problem document as an answer."""
    title = HTTPStatus(status).phrase
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = errors
    return JSONResponse(content, status, headers=headers, media_type=PROBLEM_JSON)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route documents the problems that it answers with."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of an app a problem document, its routing's and validation's too."""

    @app.exception_handler(ProblemError)
    async def on_problem(_request: Request, error: ProblemError) -> Response:
        return problem_response(error.status, error.detail, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        detail = f"{error.detail}: {request.method} {request.url.path}"
        headers = dict(error.headers or {})
        return problem_response(error.status_code, detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, error: RequestValidationError) -> Response:
        wrong = [
            {"where": ".".join(map(str, item["loc"])), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = "; ".join(f"{item['where']}: {item['message']}" for item in wrong)
        return problem_response(422, detail, errors=wrong)

    @app.exception_handler(Exception)
    async def on_crash(_request: Request, _error: Exception) -> Response:
        return problem_response(500, "the sandbox itself failed")
