"""What ``deploy/kubernetes`` and the image say, held to Kubernetes' and Dagster's own schemas.

Belongs here: manifests, the jobs that runs become, what values mean to Dagster, copied paths.
Does not belong here: a cluster. Of the chart's own schema, which no package has, the names of
sections stand here, and the whole is looked at where ``LAYERS_DAGSTER_CHART`` names the chart.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster_k8s.job import (
    DagsterK8sJobConfig,
    UserDefinedDagsterK8sConfig,
    construct_dagster_k8s_job,
)
from dagster_k8s.launcher import K8sRunLauncher
from kubernetes.client import ApiClient

ROOT = Path(__file__).parents[2]
DEPLOYED = ROOT / "deploy/kubernetes"
VERSION = "1.34"
VALUES: dict[str, Any] = yaml.safe_load((DEPLOYED / "values.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
SECRET = re.compile(r"password|secret|token|_key|_url$", re.IGNORECASE)

OF_THE_CHART = {
    (): {
        *("global", "postgresql", "generatePostgresqlPasswordSecret", "rabbitmq", "redis"),
        *("dagsterWebserver", "dagster-user-deployments", "runLauncher", "concurrency"),
        *("dagsterDaemon", "retention", "telemetry"),
    },
    ("runLauncher", "config", "k8sRunLauncher"): {
        *("image", "imagePullPolicy", "jobNamespace", "loadInclusterConfig", "kubeconfigFile"),
        *("envConfigMaps", "envSecrets", "envVars", "volumeMounts", "volumes", "labels"),
        *("failPodOnRunFailure", "resources", "schedulerName", "securityContext", "runK8sConfig"),
    },
    ("dagsterDaemon",): {
        *("enabled", "image", "runCoordinator", "heartbeatTolerance", "env", "envConfigMaps"),
        *("envSecrets", "podSecurityContext", "securityContext", "resources", "livenessProbe"),
        *("readinessProbe", "startupProbe", "runMonitoring", "runRetries", "volumes"),
        "volumeMounts",
    },
    ("concurrency",): {"enabled", "pools", "runs"},
}
"""Names that the chart knows in some of its sections; it refuses or ignores others."""


def manifests() -> Iterator[dict[str, Any]]:
    for name in ("before.yaml", "after.yaml"):
        for document in yaml.safe_load_all((DEPLOYED / name).read_text("utf-8")):
            yield from document["items"] if document["kind"] == "List" else [document]


def section(*names: str) -> dict[str, Any]:
    found: Any = VALUES
    for name in names:
        found = found[name]
    return found


def snake(given: Any) -> Any:
    """Values as the chart hands them to Dagster, by Python's names."""
    if not isinstance(given, dict):
        return given
    return {
        re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower(): snake(value)
        for name, value in given.items()
    }


@pytest.mark.parametrize("manifest", list(manifests()), ids=lambda one: one["kind"].lower())
def test_a_manifest_is_what_kubernetes_takes(manifest):
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_run_becomes_a_job_that_kubernetes_takes():
    given = section("runLauncher", "config", "k8sRunLauncher")
    runs = {name: given[name] for name in ("volumes", "volumeMounts", "resources")}
    config = DagsterK8sJobConfig(
        job_image="registry.example/layers-pipeline:0.1.0",
        dagster_home="/opt/dagster/dagster_home",
        instance_config_map="layers-dagster-instance",
        service_account_name="layers-dagster",
        image_pull_policy=given["imagePullPolicy"],
        env_config_maps=[one["name"] for one in given["envConfigMaps"]],
        env_secrets=[one["name"] for one in given["envSecrets"]],
        volumes=runs["volumes"],
        volume_mounts=runs["volumeMounts"],
        resources=runs["resources"],
    )
    own = UserDefinedDagsterK8sConfig.from_dict(
        {re.sub("Config$", "_config", name): part for name, part in named(given).items()}
    )
    job = construct_dagster_k8s_job(config, ["dagster"], "run", user_defined_k8s_config=own)
    written = ApiClient().sanitize_for_serialization(job)
    kubernetes_validate.validate(written, VERSION, strict=True)
    pod = written["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert written["spec"]["backoffLimit"] == 0
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["resources"] == given["resources"]
    assert {"secretRef": {"name": "layers-secrets"}} in container["envFrom"]


def named(given: dict[str, Any]) -> dict[str, Any]:
    words = {
        "containerConfig": "container",
        "podSpecConfig": "pod_spec",
        "jobSpecConfig": "job_spec",
    }
    return {f"{words[name]}Config": part for name, part in given["runK8sConfig"].items()}


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(section("dagsterWebserver"), id="webserver"),
        pytest.param(section("dagsterDaemon"), id="daemon"),
        pytest.param(section("dagster-user-deployments")["deployments"][0], id="code"),
    ],
)
def test_what_the_chart_puts_into_pods_is_what_kubernetes_takes(part):
    probes = {
        name: {word: value for word, value in part[name].items() if word != "enabled"}
        for name in ("readinessProbe", "livenessProbe", "startupProbe")
        if name in part
    }
    container = {
        "name": "it",
        "image": "{repository}:{tag}".format(**part["image"]),
        "imagePullPolicy": part["image"]["pullPolicy"],
        "envFrom": [
            *({"configMapRef": one} for one in part["envConfigMaps"]),
            *({"secretRef": one} for one in part["envSecrets"]),
        ],
        "securityContext": part["securityContext"],
        "resources": part["resources"],
        "volumeMounts": part.get("volumeMounts", []),
        **probes,
    }
    spec = {
        "securityContext": part["podSecurityContext"],
        "volumes": part.get("volumes", []),
        "containers": [container],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it"}, "spec": spec}
    kubernetes_validate.validate(pod, VERSION, strict=True)


def test_what_the_chart_hands_to_dagster_is_what_dagster_takes():
    given = {
        "run_monitoring": snake(section("dagsterDaemon", "runMonitoring")),
        "run_retries": snake(section("dagsterDaemon", "runRetries")),
        "concurrency": snake({name: section("concurrency")[name] for name in ("pools", "runs")}),
    }
    checked = process_config(dagster_instance_config_schema(), given)
    assert checked.success, checked.errors


def test_the_launcher_knows_every_option_that_it_is_given():
    given = set(snake(section("runLauncher", "config", "k8sRunLauncher")))
    assert given <= set(K8sRunLauncher.config_type())


@pytest.mark.parametrize("path", OF_THE_CHART, ids="/".join)
def test_the_chart_knows_the_names(path):
    assert set(section(*path)) <= OF_THE_CHART[path]


@pytest.mark.skipif(
    "LAYERS_DAGSTER_CHART" not in os.environ,
    reason="set LAYERS_DAGSTER_CHART to the folder of Dagster's unpacked chart",
)
def test_the_values_are_those_of_the_charts_schema():
    chart = Path(os.environ["LAYERS_DAGSTER_CHART"])
    schema = json.loads((chart / "values.schema.json").read_text("utf-8"))
    defaults = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    jsonschema.validate(merged(defaults, VALUES), schema)


def merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {name: merged(below.get(name), value) for name, value in above.items()}


def test_no_file_holds_a_secret():
    """Secrets are referred to by name: of settings, none of the file is one."""
    (settings,) = (one["data"] for one in manifests() if one["kind"] == "ConfigMap")
    assert [name for name in settings if SECRET.search(name)] == ["LAYERS_LAKE_URL"]
    assert "postgresqlPassword" not in VALUES["postgresql"]
    values = [env for one in manifests() for env in environments(one)]
    assert not [env for env in values if SECRET.search(env["name"]) and "value" in env]


def environments(given: Any) -> Iterator[dict[str, Any]]:
    if isinstance(given, list):
        for one in given:
            yield from environments(one)
    elif isinstance(given, dict):
        yield from given.get("env", [])
        for value in given.values():
            yield from environments(value)


def copied() -> list[str]:
    """Paths of this repository that the image is made of."""
    lines = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()
    words = [shlex.split(line) for line in lines if line.startswith("COPY")]
    return [path for line in words if not line[1].startswith("--from") for path in line[1:-1]]


def test_the_image_is_made_of_what_is_there_and_of_what_a_build_may_see():
    assert copied()
    assert [path for path in copied() if not (ROOT / path).exists()] == []
    seen = (ROOT / "deploy/Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in seen if line.startswith("!")} == set(copied())


def test_the_image_holds_every_package_of_the_wheel_and_runs_as_nobody():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (packages,) = re.findall(r"^packages = \[(.+)\]$", project, re.MULTILINE)
    assert set(re.findall(r'"(\w+)"', packages)) <= set(copied())
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    pinned = re.search(
        r"^UV_PINNED := (\S+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert pinned
    assert pinned.group(1) in DOCKERFILE
    assert "--frozen" in DOCKERFILE
