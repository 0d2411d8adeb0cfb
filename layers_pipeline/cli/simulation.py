"""``layers-pipeline sandbox``, ``demo`` and ``dev``: the pipeline beside simulated platforms.

Belongs here: commands, their options, refusing them where the sandbox is not installed.
Does not belong here: the simulation (``sandbox``), what the demo does, starting processes.
"""

import os
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Final

import typer

from layers_pipeline import moments
from layers_pipeline.cli.dashboard import require_pages
from layers_pipeline.cli.terminal import progress_bars
from layers_pipeline.errors import NotInstalledError

if TYPE_CHECKING:
    from layers_pipeline.cli.demo_ads import AdStage
    from sandbox import RunningSandbox

NEEDED: Final = ("sandbox", "fastapi", "uvicorn")
"""What the extra brings. The first is there without the others in a checkout."""


def require_sandbox(command: str) -> None:
    """Refuse a command that simulates platforms where the extra is not installed.

    Raises:
        NotInstalledError: It is not.
    """
    if not all(find_spec(name) for name in NEEDED):
        raise NotInstalledError(
            f"{command}: the simulated platforms are not installed. Install the extra sandbox: "
            "pip install 'layers-pipeline[sandbox]'."
        )


def sandbox(
    *,
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8890,
    now: Annotated[str, typer.Option(help="Where its clock starts, ISO 8601 with offset.")] = "",
    rate: Annotated[float, typer.Option(help="Simulated seconds per second.")] = 1.0,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Permit an address that is not loopback.")
    ] = False,
    scenario: Annotated[
        str, typer.Option(help="A scenario file, or fortnight or one_day; replays no captures.")
    ] = "",
) -> None:
    """Serve the simulated platforms until interrupted."""
    require_sandbox("sandbox")
    from sandbox import default_dataset, default_truth, load_scenario, run_sandbox

    begin = moments.parse(now, what="sandbox: --now", naive="refused") if now else None
    serve = partial(run_sandbox, host, port, now=begin, rate=rate, allow_remote=allow_remote)
    if scenario:
        return serve(scenario=load_scenario(scenario))
    dataset = default_dataset()
    return serve(dataset=dataset | default_truth(begin or dataset.span[1]))


def demo() -> None:
    """Sync, score and publish some simulated days of real or generated creators."""
    require_sandbox("demo")
    from layers_pipeline.cli.demo import Stage, run_demo
    from layers_pipeline.operations.secrets import new_key
    from layers_pipeline.settings import load_settings
    from sandbox import default_dataset, running_sandbox

    with running_sandbox(default_dataset(), scrape_duration_s=60) as served:
        os.environ["LAYERS_SIFT_URL"] = os.environ["LAYERS_TIKTOK_URL"] = served.url
        os.environ["LAYERS_SIFT_KEY"] = served.key.get_secret_value()
        # The sandbox's tokens end with it, and so may the key that they are kept under.
        os.environ.setdefault("LAYERS_TOKEN_KEYS", new_key())
        dataset = served.world.dataset
        stage = Stage(
            dataset=dataset.name,
            first=dataset.span[0],
            creators={
                (ref.network, ref.account_key): sum(
                    len(post.captures) for post in dataset.every_item(ref)
                )
                for ref in dataset.creators
            },
            set_clock=served.world.clock.set,
            ads=_ad_account(served),
        )
        with progress_bars():
            print_result = run_demo(load_settings(), stage)
    print_result()


def _ad_account(served: "RunningSandbox") -> "AdStage":
    """TikTok's ad account in dollars, with a token for it."""
    import httpx
    from pydantic import SecretStr

    from layers_pipeline.cli.demo_ads import AdStage

    account = next(
        one
        for one in served.world.ads.accounts
        if (one.platform, one.currency) == ("tiktok_ads", "USD")
    )
    path = f"/sandbox/oauth/accounts/{account.platform}/{account.account_id}/tokens"
    issued = httpx.post(f"{served.url}{path}", json={"life_s": 86_400 * 30})
    ads = served.world.ads.every_ad(account.ref)
    return AdStage(
        ad_platform="tiktok",
        ad_account_id=account.account_id,
        ad_sets=tuple(sorted({(ad.ad_set.ad_set_id, ad.ad_set.name) for ad in ads})),
        creators=frozenset(
            (ad.post.account.network, ad.post.account.account_key) for ad in ads if ad.post
        ),
        token=SecretStr(issued.raise_for_status().json()["access_token"]),
    )


def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox.")] = 8890,
    dashboard_port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8050,
) -> None:
    """Open the dashboard, the Dagster UI and the sandbox on this machine, until interrupted."""
    require_sandbox("dev")
    require_pages("dev")
    from layers_pipeline.cli.dev import run_dev
    from layers_pipeline.settings import load_settings

    run_dev(load_settings(), port=port, sandbox_port=sandbox_port, dashboard_port=dashboard_port)
