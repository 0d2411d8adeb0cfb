"""Trouble on the way to a host, in one line: which host, what is wrong, what can be done.

Belongs here: what kept an answer from coming, read from the exceptions of the libraries.
Does not belong here: answers, retries.
"""

import logging
import socket
import ssl
from collections.abc import Iterator

import httpx
import stamina

# A retry or a request that a library would log is said once, by the error that ends it.
stamina.instrumentation.set_on_retry_hooks([])
for library in ("httpx", "httpcore"):
    logging.getLogger(library).setLevel(logging.WARNING)


def trouble_with(http: httpx.AsyncClient, source: str, error: httpx.TransportError) -> str:
    """What kept a source's answer from coming, and the remedy."""
    host = http.base_url.netloc.decode() or "the host"
    return (
        f"no answer from {host} ({_cause(error)}). Check the network, and that "
        f"LAYERS_{source.upper()}_URL names the right host."
    )


def _cause(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return "no such host is known"
            case ssl.SSLError():
                return f"no secure connection: {cause.reason or 'TLS failed'}"
            case ConnectionRefusedError():
                return "connection refused"
            case _:
                continue
    return type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it came from; several, where several addresses were tried."""
    while error is not None:
        yield error
        for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            yield from _causes(one)
        error = error.__cause__ or error.__context__
