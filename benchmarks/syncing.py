"""What a full sync costs: posts per second and memory beside a bare httpx loop, and HTTP calls.

Belongs here: the sizes, the sandbox in a process of its own, what runs in a child, the table.
Does not belong here: measuring a process (``measure``). Figures are kept in
``docs/performance.md``.

The bare loop sends the very requests that the pipeline sent, as many at once, and throws the
answers away: the least that any client of these platforms has to do.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr

from benchmarks.measure import Measured, measure, peak_mib_of
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest import oauth
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.stores import Stores, open_stores

PROJECT: Final = "brand"
START: Final = datetime(2026, 9, 1, tzinfo=UTC)
SCENARIO: Final = """
name = "bench"
seed = 11
start = 2026-09-01T00:00:00Z
lasts = "1d"
[accounts]
instagram = {instagram}
tiktok = {tiktok}
posts = {posts}
stories = 0
deletions = 0
history = "300d"
"""


def main() -> None:
    """Measure and print, or do one thing that is measured."""
    options = _options()
    if options.child:
        json.dump(CHILDREN[options.child](Path(options.requests)), sys.stdout)
        return
    half = options.accounts // 2
    scenario = SCENARIO.format(instagram=half, tiktok=options.accounts - half, posts=options.posts)
    with tempfile.TemporaryDirectory(prefix="layers-bench-") as folder:
        home = Path(folder)
        (home / "bench.toml").write_text(scenario, encoding="utf-8")
        with sandbox(home / "bench.toml") as url:
            env = environment(home, url)
            os.environ |= env
            connect(url)
            _measured("record", home, env)
            bare = _measured("bare", home, env)
            runs = [(rounds, _measured("sync", home, env)) for rounds in ("first", "again")]
            _print(options, bare, runs)


def environment(home: Path, url: str) -> dict[str, str]:
    """Variables of a deployment in a folder that reads a sandbox."""
    return {
        "LAYERS_HOME": str(home / "home"),
        "LAYERS_SIFT_URL": url,
        "LAYERS_INSTAGRAM_URL": url,
        "LAYERS_TIKTOK_URL": url,
        "LAYERS_TIKTOK_CALLS_PER_S": "1000",
        "LAYERS_TIKTOK_CALLS_PER_MIN": "60000",
        "LAYERS_TOKEN_KEYS": Fernet.generate_key().decode(),
        "LAYERS_SCHEDULES": "stopped",
    }


@contextmanager
def sandbox(scenario: Path) -> Iterator[str]:
    """The sandbox in a process of its own, standing still at the scenario's last moment."""
    command = [sys.executable, "-c", "from layers_pipeline.cli.app import main; main()", "sandbox"]
    command += ["--port", "0", "--rate", "0", "--scenario", str(scenario)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        line = served.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http"))
        try:
            now = "2026-09-02T00:00:00Z"
            httpx.put(f"{url}/sandbox/clock", json={"now": now, "rate": 0}).raise_for_status()
            yield url
        finally:
            served.terminate()


def connect(url: str) -> None:
    """Register every account of the sandbox, with a token."""
    stores = open_stores(load_settings())
    cipher, now = TokenCipher(stores.settings.token_keys), datetime.now(UTC)
    stores.operations.projects.add(PROJECT, name="Brand", time_zone="UTC", now=now)
    with httpx.Client(base_url=url) as http:
        for account in http.get("/sandbox/oauth/accounts").json()["accounts"]:
            platform, key = account["platform"], account["account_key"]
            made = http.post(
                f"/sandbox/oauth/accounts/{platform}/{key}/tokens", json={"life_s": 86_400 * 3000}
            ).json()
            stores.operations.tokens.connect(
                NewAccount(
                    platform=platform, account_key=key, connection="oauth", project_id=PROJECT
                ),
                NewToken(
                    access=SecretStr(made["access_token"]),
                    expires_at=datetime(2099, 1, 1, tzinfo=UTC),
                ),
                cipher,
                now=now,
            )
    stores.operations.close()


def _measured(what: str, home: Path, env: dict[str, str]) -> tuple[Measured, dict[str, Any]]:
    command = ["-m", "benchmarks.syncing", "--child", what, "--requests", str(home / "requests")]
    done = measure(command, env=env)
    return done, json.loads(done.output)


def _record(requests: Path) -> dict[str, Any]:
    """A full sync that also notes every request it sends; what it stores is thrown away."""
    sent: list[tuple[str, str, dict[str, str], str]] = []
    plain = httpx.AsyncClient.send

    async def noting(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> Any:  # noqa: ANN401
        answer = await plain(self, request, **options)
        # Afterwards: a request is signed on its way out.
        headers = dict(request.headers)
        sent.append((request.method, str(request.url), headers, request.content.decode()))
        return answer

    httpx.AsyncClient.send = noting  # ty: ignore - the one place where requests can be noted
    stores = _elsewhere(requests.parent / "recorded")
    summary = sync_oauth(stores, "full", worker="record", accounts=_ids(stores))
    requests.write_text(json.dumps(sent), encoding="utf-8")
    return {"accounts": summary.accounts, "calls": len(sent)}


def _bare(requests: Path) -> dict[str, Any]:
    """Send the noted requests, as many at once as the pipeline, and throw the answers away."""
    sent = json.loads(requests.read_text(encoding="utf-8"))

    async def send() -> int:
        size = 0
        places = asyncio.Semaphore(oauth.AT_ONCE)
        async with httpx.AsyncClient(timeout=60) as http:

            async def one(method: str, url: str, headers: dict[str, str], body: str) -> None:
                nonlocal size
                async with places:
                    signed = {
                        name: value
                        for name, value in headers.items()
                        if name in ("authorization", "access-token", "content-type")
                    }
                    answer = await http.request(method, url, headers=signed, content=body.encode())
                    answer.raise_for_status()
                    size += len(answer.json())

            await asyncio.gather(*(one(*request) for request in sent))
        return size

    started = time.perf_counter()
    asyncio.run(send())
    return {"wall_s": time.perf_counter() - started, "calls": len(sent)}


def _sync(requests: Path) -> dict[str, Any]:
    """A full sync, from the claim to the last outcome stored, and then what follows from it."""
    del requests
    stores = open_stores(load_settings())
    worker = f"sync-{time.time_ns()}"
    started = time.perf_counter()
    summary = sync_oauth(stores, "full", worker=worker, accounts=_ids(stores))
    synced, peak_mib = time.perf_counter(), peak_mib_of(os.getpid())
    written = bring_up_to_date(stores)
    derived = time.perf_counter()
    return {
        "sync_s": synced - started,
        "sync_peak_mib": peak_mib,
        "derive_s": derived - synced,
        "calls": summary.calls,
        "outcomes": dict(summary.outcomes),
        "posts": stores.lake.row_count(catalog.PLATFORM_POSTS),
        "snapshots": written["platform_post_metrics"].inserted,
    }


def _elsewhere(home: Path) -> Stores:
    """The same deployment with an empty lake of its own."""
    settings = load_settings()
    return open_stores(settings.model_copy(update={"lake_url": str(home)}))


def _ids(stores: Stores) -> list[str]:
    return [account.account_id for account in stores.operations.accounts.all()]


CHILDREN: Final = {"record": _record, "bare": _bare, "sync": _sync}


def _print(
    options: argparse.Namespace,
    bare: tuple[Measured, dict[str, Any]],
    runs: list[tuple[str, tuple[Measured, dict[str, Any]]]],
) -> None:
    base_s, calls = bare[1]["wall_s"], bare[1]["calls"]
    posts = runs[0][1][1]["posts"]
    print(f"\nFull sync of {options.accounts} accounts, {posts:,} posts, {calls:,} HTTP calls")
    print(f"(HTTP calls per 1,000 posts refreshed: {1000 * calls / posts:.1f})\n")
    print("| what | s | posts/s | of the bare loop | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    print(
        f"| bare httpx loop, same requests | {base_s:.1f} | {posts / base_s:,.0f} | 1.00 "
        f"| {bare[0].peak_mib:,.0f} |"
    )
    for name, (measured, figures) in runs:
        sync_s, all_s = figures["sync_s"], figures["sync_s"] + figures["derive_s"]
        print(
            f"| sync, {name}: read, landed, outcome stored | {sync_s:.1f} | {posts / sync_s:,.0f} "
            f"| {sync_s / base_s:.2f} | {figures['sync_peak_mib']:,.0f} |"
        )
        print(
            f"| … and derived ({figures['snapshots']:,} new snapshots) | {all_s:.1f} "
            f"| {posts / all_s:,.0f} | {all_s / base_s:.2f} | {measured.peak_mib:,.0f} |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--child", choices=sorted(CHILDREN), help="do one thing")
    parser.add_argument("--requests", default="", help="file of noted requests")
    return parser.parse_args()


if __name__ == "__main__":
    main()
