"""The manifest for a cluster: one load, the same in its settings and commands, by members that may do nothing else."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from prodgate.load.profile import VARIABLE, Profile, Settings
from prodgate.load.runner import run_load
from prodgate.processes.web import find_free_port
from prodgate.rehearsal.site.process import running

MANIFEST = Path(__file__).parents[2] / "loadtests" / "kubernetes.yaml"
OBJECTS: dict[tuple[str, str], Any] = {
    (each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(MANIFEST.read_text("utf-8"))
}
MEMBERS = ("load-master", "load-worker")


def pod(name: str) -> Any:
    return OBJECTS["Job", name]["spec"]["template"]["spec"]


def container(name: str) -> Any:
    (only,) = pod(name)["containers"]
    return only


def option(name: str, member: str) -> str:
    found = re.search(rf"{name} (\S+)", container(member)["args"][0])
    assert found is not None, name
    return found[1]


def settings() -> Settings:
    text = OBJECTS["ConfigMap", "load-settings"]["data"]["settings.json"]
    found = Settings.read({VARIABLE: text})
    assert found is not None
    return found


def test_holds_what_a_load_from_several_machines_takes() -> None:
    assert set(OBJECTS) == {
        ("Namespace", "load-test"),
        ("ConfigMap", "load-settings"),
        ("PersistentVolumeClaim", "load-results"),
        ("Service", "load-master"),
        ("Job", "load-master"),
        ("Job", "load-worker"),
        ("NetworkPolicy", "load-members"),
        ("NetworkPolicy", "load-master"),
    }
    assert {each["metadata"].get("namespace", "load-test") for each in OBJECTS.values()} == {"load-test"}


def test_its_settings_are_such_that_the_master_reads_them() -> None:
    assert settings().record == f"{mounted('load-master')['results']}/record.json"
    assert settings().host == option("-H", "load-master")
    assert json.loads(OBJECTS["ConfigMap", "load-settings"]["data"]["settings.json"])["profile"]["rate"] == 400
    assert container("load-master")["env"] == [{"name": VARIABLE, "value": "/settings/settings.json"}]
    assert "env" not in container("load-worker")


def test_the_number_of_workers_is_the_same_everywhere() -> None:
    job = OBJECTS["Job", "load-worker"]["spec"]
    said = {int(option(name, "load-master")) for name in ("--expect-workers", "-u", "-r")}
    assert said == {settings().workers} == {job["parallelism"]} == {job["completions"]}
    assert job["completionMode"] == "Indexed"
    assert settings().profile.rate <= 500 * settings().workers


def test_workers_find_the_master_by_the_name_of_its_service() -> None:
    service = OBJECTS["Service", "load-master"]
    (port,) = service["spec"]["ports"]
    labels = OBJECTS["Job", "load-master"]["spec"]["template"]["metadata"]["labels"]
    assert option("--master-host", "load-worker") == service["metadata"]["name"]
    assert int(option("--master-port", "load-worker")) == port["port"] == 5557
    assert service["spec"]["selector"].items() <= labels.items()
    assert {each["name"]: each["containerPort"] for each in container("load-master")["ports"]} == {"master": 5557}
    assert port["targetPort"] == "master"


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_may_do_nothing_but_its_work(member: str) -> None:
    outer, inner = pod(member)["securityContext"], container(member)["securityContext"]
    assert (outer["runAsNonRoot"], outer["runAsUser"], outer["seccompProfile"]) == (
        True, 10001, {"type": "RuntimeDefault"},
    )  # fmt: skip
    assert inner == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert pod(member)["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"} & set(pod(member))
    assert not [each for each in pod(member)["volumes"] if "hostPath" in each]
    labels = OBJECTS["Namespace", "load-test"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_has_a_whole_processor_and_an_image_that_cannot_move(member: str) -> None:
    resources = container(member)["resources"]
    assert resources["requests"] == resources["limits"]
    assert float(resources["limits"]["cpu"]) >= 1
    assert re.fullmatch(r"[^:@]+@sha256:[0-9a-f]{64}", container(member)["image"])
    assert container(member)["image"] == container("load-master")["image"]


@pytest.mark.parametrize("member", MEMBERS)
def test_a_load_is_made_once_and_ends(member: str) -> None:
    job, profile = OBJECTS["Job", member]["spec"], settings().profile
    gathering = float(option("--expect-workers-max-wait", "load-master"))
    assert job["backoffLimit"] == 0
    assert pod(member)["restartPolicy"] == "Never"
    assert job["activeDeadlineSeconds"] >= gathering + profile.seconds + 2 * profile.timeout + 60
    assert float(option("--stop-timeout", "load-master")) > profile.timeout


def test_nobody_but_a_worker_reaches_the_master_and_nobody_a_worker() -> None:
    members, master = (OBJECTS["NetworkPolicy", name]["spec"] for name in ("load-members", "load-master"))
    assert (members["policyTypes"], members["ingress"]) == (["Ingress", "Egress"], [])
    assert all(members["podSelector"]["matchLabels"].items() <= labels(each).items() for each in MEMBERS)
    (rule,) = master["ingress"]
    assert [each["podSelector"]["matchLabels"] for each in rule["from"]] == [
        {"app.kubernetes.io/name": "load-worker"},
    ]  # fmt: skip
    assert rule["ports"] == [{"protocol": "TCP", "port": 5557}]
    reached = {(port["protocol"], port["port"]) for each in members["egress"] for port in each["ports"]}
    assert reached == {("UDP", 53), ("TCP", 53), ("TCP", 443), ("TCP", 5557)}


@pytest.mark.parametrize("member", MEMBERS)
def test_every_mount_has_its_volume(member: str) -> None:
    assert set(mounted(member)) == {each["name"] for each in pod(member)["volumes"]}
    kinds = {("configMap", "name"): "ConfigMap", ("persistentVolumeClaim", "claimName"): "PersistentVolumeClaim"}
    for volume in pod(member)["volumes"]:
        for (source, key), kind in kinds.items():
            assert source not in volume or (kind, volume[source][key]) in OBJECTS


def here(member: str, host: str, results: Path, port: int) -> list[str]:
    """Return the command of a member as it is on this machine, with two workers instead of four."""
    ways = {
        "/app/": f"{MANIFEST.parents[1]}/", "/results": str(results), settings().host: host, "load-master": "127.0.0.1",
        "--expect-workers 4": "--expect-workers 2", "-u 4 -r 4": "-u 2 -r 2", "5557": str(port),
        "--expect-workers 2": f"--master-bind-port {port} --expect-workers 2",
    }  # fmt: skip
    text = container(member)["args"][0]
    for there, instead in ways.items():
        text = text.replace(there, instead)
    return [*container(member)["command"], text]


@pytest.mark.slow
@pytest.mark.once
def test_its_commands_make_a_load_that_a_run_asks_for(tmp_path: Path) -> None:
    folder, members = tmp_path / "results" / "surge", list[subprocess.Popen[bytes]]()
    profile = Profile(name="surge", rate=20, duration=2, warm_up=0)
    with running(tmp_path) as site, (tmp_path / "said").open("wb") as said:

        def start(_line: str) -> None:
            master, port = {**os.environ, VARIABLE: str(folder / "settings.json")}, find_free_port()
            for name, each in [("load-master", master), *[("load-worker", dict(os.environ))] * 2]:
                command = here(name, site.url, tmp_path, port)
                members.append(subprocess.Popen(command, env=each, stdout=said, stderr=said))

        given: dict[str, Any] = {
            "directory": tmp_path / "run",
            "workers": 2,
            "elsewhere": str(folder),
            "progress": start,
        }
        try:
            record = run_load(profile, site.url, locustfile=MANIFEST.with_name("locustfile.py"), **given)
            assert [each.wait(240) for each in members] == [0, 0, 0], (tmp_path / "said").read_text("utf-8")
        finally:
            for each in members:
                each.kill()
    assert (record["complete"], record["planned"], record["sent"]) == (True, 40, 40)
    assert [worker["sent"] > 0 for worker in record["workers"]] == [True, True]
    assert (tmp_path / "locust.html").exists()


def mounted(member: str) -> dict[str, str]:
    return {each["name"]: each["mountPath"] for each in container(member)["volumeMounts"]}


def labels(member: str) -> dict[str, str]:
    return OBJECTS["Job", member]["spec"]["template"]["metadata"]["labels"]
