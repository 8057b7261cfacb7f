"""Core finds no way out: whatever a configuration names, nothing is sent, read from elsewhere or run."""

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from prodgate.cli import main
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.sources import read_tree
from prodgate.terraform.working_copy import copy_tree
from tests.prodgate.run.small_shop import CRITERIA, POLICY, gate
from tests.prodgate.terraform.tree_files import Plant, combine

SECRET: Final = "kept-for-ourselves"
VARIABLE: Final = f'variable "password" {{\n  default   = "{SECRET}"\n  sensitive = true\n}}\n'
#: The place of a remote state, by its kind of backend: HERE is the address at which the test listens.
STATES: Final[Mapping[str, Mapping[str, Any]]] = {
    "http": {"address": "http://HERE/${nonsensitive(var.password)}"},
    "s3": {
        "bucket": "b", "key": "k", "region": "eu-west-1", "access_key": "a", "secret_key": "${var.password}",
        "endpoints": {"s3": "http://HERE", "sts": "http://HERE", "iam": "http://HERE"}, "use_path_style": True,
    },
    "s3 ": {
        "bucket": "b", "key": "k", "region": "eu-west-1", "ec2_metadata_service_endpoint": "http://HERE",
        "skip_metadata_api_check": False,
    },
    "pg": {"conn_str": "postgres://u:${nonsensitive(var.password)}@HERE/d?sslmode=disable&connect_timeout=2"},
    "consul": {"address": "HERE", "scheme": "http", "path": "p"},
    "remote": {"hostname": "localhost:PORT", "organization": "o", "token": "t", "workspaces": {"name": "w"}},
    "gcs": {"bucket": "b", "access_token": "t", "storage_custom_endpoint": "http://HERE/"},
    "kubernetes": {"secret_suffix": "s", "host": "http://HERE", "token": "t"},
    "oss": {"bucket": "b", "access_key": "a", "secret_key": "s", "region": "cn-beijing", "endpoint": "http://HERE"},
    "azurerm": {
        "storage_account_name": "a", "container_name": "c", "key": "k", "access_key": "aGVsbG8=",
        "metadata_host": "HERE", "resource_group_name": "r",
    },
    "local": {"path": "${path.module}/../outside.tfstate"},
}  # fmt: skip
TOPICS: Final = (
    'resource "aws_sns_topic" "made" {\n  name = NAME\n}\nresource "aws_sns_topic" "other" {\n  name = "other"\n}\n'
)
STATE: Final = 'data "terraform_remote_state" "x" {\n  backend = "http"\n  config  = { address = "http://HERE" }\n}\n'
HTTP_BACKEND: Final = '  backend "http" {\n    address = "http://HERE"\n  }\n'
MODULE: Final = 'module "m" {\n  source = SOURCE\n}\n' + TOPICS
LOOKS: Final = '  assert {\n    condition     = DATA != null\n    error_message = "None."\n  }\n'


class Listener(socketserver.ThreadingTCPServer):
    """Accepts every connection, and keeps its first bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[bytes] = []
        self.here = f"127.0.0.1:{self.server_address[1]}"

    def place(self, files: Mapping[str, str]) -> dict[str, str]:
        port = self.here.partition(":")[2]
        return {name: text.replace("HERE", self.here).replace("PORT", port) for name, text in files.items()}


class _Handler(socketserver.BaseRequestHandler):
    server: Listener

    def handle(self) -> None:
        self.server.came.append(self.request.recv(200))
        self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Listen at every door: at an address that configurations name, and that the environment does."""
    with Listener() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{server.here}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, address)
            monkeypatch.setenv(name.lower(), address)
        for name, value in {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": address, "AWS_CONTAINER_CREDENTIALS_FULL_URI": address,
            "AWS_ENDPOINT_URL": address, "CONSUL_HTTP_ADDR": server.here, "TF_HTTP_ADDRESS": address,
            "PG_CONN_STR": f"postgres://u@{server.here}/d", "KUBE_HOST": address, "GCE_METADATA_HOST": server.here,
            "TF_CLI_ARGS_init": "-get=true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield server
        server.shutdown()


def _write_state(kind: str) -> str:
    settings = "\n".join(f"    {name} = {json.dumps(value)}" for name, value in STATES[kind].items())
    return f'data "terraform_remote_state" "x" {{\n  backend = "{kind.strip()}"\n  config = {{\n{settings}\n  }}\n}}\n'


def _name(listener: Listener, root: Path, address: str = "aws_sns_topic.made") -> Any:
    """Evaluate a root, and return the name of a topic; another one is read as it is written."""
    (root.parent / "outside.tfstate").write_text(
        '{"version": 4, "outputs": {"name": {"value": "from elsewhere", "type": "string"}}, "resources": []}'
    )
    found = {each.address: each.search().get("name") for each in evaluate(root).resources}
    assert listener.came == []
    assert found[address.replace("made", "other")] == "other"
    return found.get(address)


@pytest.mark.parametrize("kind", STATES)
def test_a_remote_state_is_not_read_wherever_it_is(kind: str, listener: Listener, plant: Plant) -> None:
    text = VARIABLE + _write_state(kind) + TOPICS.replace("NAME", "data.terraform_remote_state.x.outputs.name")
    name = _name(listener, plant(listener.place({"main.tf": text})))
    assert isinstance(name, Unknown)
    assert "is decided by data.terraform_remote_state.x, which is a remote state" in repr(name)


def _in_json(data: Mapping[str, Any], **topic: Any) -> Mapping[str, str]:
    topics = {"made": {"name": "made"} | topic, "other": {"name": "other"}}
    stated = {"data": data, "resource": {"aws_sns_topic": topics}}
    return {"main.tf.json": json.dumps(stated, indent=2)}


JSON_STATE: Final = {"terraform_remote_state": {"x": [{"backend": "http", "config": {"address": "http://HERE"}}]}}
OUTPUT: Final = "data.terraform_remote_state.x.outputs.name"
#: Configurations in which an unread value decides a name.
UNREAD: Final[Mapping[str, Mapping[str, str]]] = {
    "each of several": {
        "main.tf": STATE.replace("{\n", '{\n  for_each = toset(["a"])\n', 1)
        + TOPICS.replace("NAME", 'data.terraform_remote_state.x["a"].outputs.name')
    },
    "counted": {
        "main.tf": STATE.replace("{\n", "{\n  count = 1\n", 1)
        + TOPICS.replace("NAME", "one(data.terraform_remote_state.x[*].outputs.name)")
    },
    "beside a number that few write": {"main.tf": "locals {\n  n = 1e5\n}\n" + STATE + TOPICS.replace("NAME", OUTPUT)},
    "overridden": {
        "main.tf": STATE.replace('"http"', '"local"') + TOPICS.replace("NAME", OUTPUT),
        "override.tf": STATE,
    },
    "in JSON": _in_json(JSON_STATE, name=f"a-${{{OUTPUT}}}"),
    "beside JSON": {
        **_in_json(JSON_STATE),
        "more_override.tf": f'resource "aws_sns_topic" "made" {{ name = {OUTPUT} }}',
    },
    "a page": {
        "main.tf": 'data "http" "x" {\n  url = "http://HERE"\n}\n' + TOPICS.replace("NAME", "data.http.x.response_body")
    },
    "a page, in JSON": _in_json({"http": {"x": {"url": "http://HERE"}}}, name="${jsondecode(data.http.x.body).name}"),
    "a program": {
        "main.tf": 'data "external" "x" {\n  program = ["touch", "${path.module}/ran"]\n}\n'
        + TOPICS.replace("NAME", "data.external.x.result.name")
    },
    "a program, in JSON": _in_json(
        {"external": {"x": {"program": ["touch", "ran"]}}}, name="${data.external.x.result.name}"
    ),
    "a name in the DNS": {
        "main.tf": 'data "dns_a_record_set" "x" {\n  host = "HERE"\n}\n'
        + TOPICS.replace("NAME", "data.dns_a_record_set.x.addrs[0]")
    },
    "a module": {"main.tf": MODULE.replace("SOURCE", '"http://HERE/m.zip"').replace("NAME", "module.m.name")},
    "a module of a computed source": {
        "main.tf": 'locals {\n  from = "http://HERE/m.zip"\n}\n'
        + MODULE.replace("SOURCE", "local.from").replace("NAME", "module.m.name")
    },
    "a module in JSON": {
        "main.tf": TOPICS.replace("NAME", "module.m.name"),
        "m.tf.json": '{"module": {"m": [{"source": "http://HERE/m.zip"}]}}',
    },
    "a module that an override has from elsewhere": {
        "main.tf": MODULE.replace("SOURCE", '"./m"').replace("NAME", "module.m.name"),
        "m/main.tf": 'output "name" {\n  value = "n"\n}\n',
        "x_override.tf.json": '{"module": {"m": {"source": "http://HERE/m.zip"}}}',
    },
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_is_decided_by_it_is_unknown_and_says_so(case: str, listener: Listener, plant: Plant) -> None:
    root = plant(listener.place(UNREAD[case]))
    assert "is decided by " in repr(_name(listener, root)), case
    assert not list(root.rglob("ran"))


def test_inside_a_module_too(listener: Listener, plant: Plant) -> None:
    root = plant(
        listener.place(combine({name.replace(" ", "_").replace(",", ""): each for name, each in UNREAD.items()}))
    )
    found = {each.address: each.search().get("name") for each in evaluate(root).resources}
    assert listener.came == []
    made = {address: name for address, name in found.items() if address.endswith(".made")}
    assert len(made) == len(UNREAD)
    assert all("is decided by " in repr(name) for name in made.values()), made


@pytest.mark.parametrize("how", ["for_each = toset([NAME])", "count = NAME", "json"])
def test_the_number_that_it_decides_is_a_gap(how: str, listener: Listener, plant: Plant) -> None:
    files = {"main.tf": STATE + TOPICS.replace("name = NAME", how.replace("NAME", OUTPUT))}
    files = dict(_in_json(JSON_STATE, count=f"${{{OUTPUT}}}")) if how == "json" else files
    found = evaluate(plant(listener.place(files)))
    assert listener.came == []
    assert {each.address.partition("[")[0] for each in found.resources} <= {"aws_sns_topic.other", "aws_sns_topic.made"}
    (gap,) = found.gaps
    assert (gap.subject, str(gap.position)[:7]) == ("aws_sns_topic.made", "main.tf")
    assert "how many there are is decided by data.terraform_remote_state.x, which is a remote state" in gap.reason


#: What decides nothing, and is left out or replaced: files beside a root whose topics have names that are written.
BESIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "a backend": {"state.tf": f"terraform {{\n{HTTP_BACKEND}}}\n"},
    "a backend in the last override": {"zzzzzz_override.tf": f"terraform {{\n{HTTP_BACKEND}}}\n"},
    "one of a name that sorts after all letters": {"\uffff_override.tf": f"terraform {{\n{HTTP_BACKEND}}}\n"},
    "one in JSON": {"zzzzzz_override.tf.json": '{"terraform": {"backend": {"http": {"address": "http://HERE"}}}}'},
    "a cloud": {
        "zzzzzz_override.tf": 'terraform {\n  cloud {\n    hostname     = "localhost:PORT"\n    organization = "o"\n'
        '    workspaces {\n      name = "w"\n    }\n  }\n}\n'
    },
    "a provider of another registry": {
        "more.tf": 'terraform {\n  required_providers {\n    x = { source = "localhost:PORT/a/x" }\n  }\n}\n'
    },
    "one in JSON, with its settings": {
        "more.tf.json": '{"terraform": {"required_providers": {"x": {"source": "localhost:PORT/a/x"}}},'
        '"provider": {"x": {"alias": "y"}}}'
    },
    "a check that looks": {
        "more.tf": f'check "c" {{\n{STATE}{LOOKS.replace("DATA", OUTPUT)}}}\n',
    },
    "a check that looks, in JSON": {
        "more.tf.json": '{"check": {"c": {"data": {"http": {"x": {"url": "http://HERE"}}},'
        '"assert": {"condition": "${data.http.x.body != null}", "error_message": "None."}}}}'
    },
    "endpoints of a provider": {
        "more.tf": 'provider "aws" {\n  region = "eu-west-1"\n  endpoints {\n    sts = "http://HERE"\n  }\n'
        '  ec2_metadata_service_endpoint = "http://HERE"\n}\ndata "aws_caller_identity" "x" {}\n'
    },
    "a provisioner": {
        "more.tf": 'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "touch ran"\n  }\n}\n'
    },
    "a dependence in JSON": {
        "more.tf.json": '{"data": {"http": {"x": {"url": "http://HERE"}}}, "resource": {"aws_sns_topic": {"third":'
        '{"depends_on": ["data.http.x"]}}}}'
    },
}


@pytest.mark.parametrize("case", BESIDE)
def test_what_is_beside_it_opens_no_door(case: str, listener: Listener, plant: Plant) -> None:
    root = plant(listener.place({"main.tf": TOPICS.replace("NAME", '"made"'), **BESIDE[case]}))
    assert _name(listener, root) == "made"
    assert not list(root.rglob("ran"))


def test_what_our_own_parser_does_not_see_stays_closed(listener: Listener, plant: Plant) -> None:
    escaped = STATE.replace("remote_state", "remote\\u005fstate")
    found = evaluate(plant(listener.place({"main.tf": escaped})))
    assert (found.resources, listener.came) == ((), [])


def test_a_state_that_overrides_ours_is_refused(listener: Listener, plant: Plant) -> None:
    root = plant(
        listener.place({"main.tf": "", "\U0010ffff\U0010ffff_override.tf": f"terraform {{\n{HTTP_BACKEND}}}\n"})
    )
    with pytest.raises(TerraformError, match="has a name that the gate needs for itself"):
        evaluate(root)
    assert listener.came == []


@pytest.mark.parametrize("before", ["", "locals {\n  n = 1e5\n}\n"])
def test_opentofu_asks_nobody_for_keys(before: str, plant: Plant, tmp_path: Path) -> None:
    encryption = {"key_provider": {"external": {"k": {"command": ["touch", "ran"]}}}}
    root = plant(
        {
            "main.tf": before
            + 'terraform {\n  encryption {\n    key_provider "external" "k" {\n      command = ["ran"]\n'
            "    }\n  }\n}\n" + TOPICS.replace("NAME", '"made"'),
            "more.tf.json": json.dumps({"terraform": {"encryption": encryption}}),
        }
    )
    (tmp_path / "scratch").mkdir()
    tree = read_tree(root, root).without(root, {"terraform.encryption": ""})
    copied = copy_tree(tree, tmp_path / "scratch").root
    texts = [(copied / name).read_text() for name in ("main.tf", "more.tf.json")]
    assert not any("ran" in each for each in texts), texts


LEAKING: Final = (
    VARIABLE
    + _write_state("http")
    + 'resource "aws_sqs_queue" "jobs" {\n  message_retention_seconds = data.terraform_remote_state.x.outputs.kept\n}\n'
    'resource "aws_ebs_volume" "v" {\n  availability_zone = "eu-west-1a"\n  size = 1\n  encrypted = '
    "data.terraform_remote_state.x.outputs.encrypted\n}\n"
)


@pytest.mark.parametrize("command", ["check", "iam"])
def test_no_command_goes_out(
    command: str, listener: Listener, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([command, str(plant(listener.place({"main.tf": LEAKING})))])
    assert listener.came == []
    said = capsys.readouterr().out
    if command == "check":
        assert code == 1  # for the password that is written out
        assert "is decided by data.terraform_remote_state.x, which is a remote state" in said


@pytest.mark.slow
def test_no_run_goes_out(listener: Listener, plant: Plant) -> None:
    files = {"criteria.toml": CRITERIA, "infra/main.tf": LEAKING, "policies/shop.py": POLICY}
    done = gate(plant(listener.place(files)), "run", "--only", "static", "--json", ends=2)
    assert listener.came == []
    assert "is decided by data.terraform_remote_state.x, which is a remote state" in done.stdout
