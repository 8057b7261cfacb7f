"""Outside text is no command to a runner, however it is printed, and outside files are measured before they are
read."""

import importlib.util
import io
import json
import marshal
import os
import resource
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from prodgate.processes.output import InertStream, inert, inert_output, print_commands
from prodgate.processes.regular_files import MOST, read_measured
from prodgate.report.text import wrap
from tests.prodgate.runners import GITLAB_SECTION, find_commands
from tests.trees import write_tree

PLANTED = [
    "::add-mask::GO",
    " \t::error file=a,line=1::x",
    "\u00a0\u3000::stop-commands::x",
    'aws_x.y["##[add-mask]"] ##[error]no',
    "a\r::add-mask::GO",
    "a\x0b::add-mask::GO\n\x0c::debug::x",
    "##[set-output name=x;]y",
    "###[group]x",
    "##vso[task.setvariable variable=x]y ##VSO[task.complete]z",
    "##teamcity[buildStatus status='SUCCESS']",
    "section_start:1560896352:my_section\r\x1b[0KHeader",
    "\x1b]0;title\x07\x1b[2J",
    "\u200b::add-mask::GO",
    "\x85::add-mask::GO\u2028::add-mask::GO",
]


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_command_is_a_text(text: str) -> None:
    said = inert(text)
    assert [*find_commands(said)] == []
    assert "\x1b" not in said
    assert inert(said) == said


@pytest.mark.parametrize("text", PLANTED)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_command_that_comes_in_parts_is_a_text(text: str, size: int) -> None:
    out = io.StringIO()
    stream = InertStream(out)
    for start in range(0, len(text), size):
        stream.write(text[start : start + size])
        stream.flush()
    stream.writelines(["\n::add-", "mask::x\n"])
    assert [*find_commands(out.getvalue())] == []


def test_a_runner_finds_what_is_planted() -> None:
    assert [*find_commands("\n".join(PLANTED))].count("add-mask") >= 4
    assert GITLAB_SECTION.search(PLANTED[10])


def test_a_wrapped_text_begins_no_line_with_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    lines = wrap("observed GO GO GO GO GO GO ::add-mask::GO", 30, indent="    ")
    assert [*find_commands("\n".join(lines))] == ["add-mask"]
    with inert_output():
        sys.stdout.write("\n".join(lines) + "\n")
    assert ": :add-mask::GO" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["plain\n", "a: b :: c\n", "日本語 · …\n", "# a heading\n  ## two [x]\n", "::1\n"])
def test_an_ordinary_text_stays(text: str) -> None:
    assert inert(text).replace(": :1", "::1") == text


def test_json_and_xml_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"##[add-mask]": ["a\u202eb ##[error]x", "\U000e0001"]}
    page = "<a b='##[add-mask]'>##[x] \u202e</a>"
    with inert_output():
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2))
    said = capsys.readouterr().out
    assert json.loads(said) == value
    with inert_output():
        sys.stdout.write(f"{page}\n")
    also = capsys.readouterr().out
    assert ET.tostring(ET.fromstring(also)) == ET.tostring(ET.fromstring(page))
    assert [*find_commands(said + also)] == []


def test_the_gates_own_commands_reach_the_runner(capsys: pytest.CaptureFixture[str]) -> None:
    with inert_output():
        print_commands("::error title=a::b\n")
    assert [*find_commands(capsys.readouterr().out)] == ["error"]


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    return said.out + said.err


# ── Outside files are measured before they are read, so that none can exhaust the memory of the gate

#: Bytes that a command may take, and of a sparse file that would take more.
MEMORY, SPARSE = 2 * 1024**3, 4 * 1024**3
RUN = "runs/20261101T000000Z-abcdef1"
CRITERIA = """
system = "shop"
[terraform]
root = "infra"
[criteria.ready]
statement = "It is ready."
why = "It must be."
source = "OPS-1"
layers = ["static"]
"""


def make_sparse(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(SPARSE)
    return path


def test_a_file_is_read_up_to_its_measure(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 10)
    assert read_measured(file, 10) == b"x" * 10
    with pytest.raises(OSError, match="is larger than 9 bytes"):
        read_measured(file, 9)
    with pytest.raises(OSError, match=f"is larger than {MOST:,} bytes"):
        read_measured(make_sparse(tmp_path / "b"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sparse", "command"),
    [
        ("infra/main.tf", ["check", "infra"]),
        ("infra/main.tf.json", ["check", "infra"]),
        ("policies/rules.py", ["run", "rehearsal://", "--only", "static"]),
        ("suites/static/test_it.py", ["run", "rehearsal://", "--only", "static"]),
        ("facts/static/kinds.py", ["run", "rehearsal://", "--only", "static"]),
        ("criteria.toml", ["run", "rehearsal://"]),
        ("infra/terraform.tfvars", ["check", "infra"]),
        (f"{RUN}/run.json", ["report", RUN]),
        (f"{RUN}/journal.jsonl", ["judge", RUN]),
        ("shop.run.tar", ["verify", "shop.run.tar"]),
        ("waivers.toml", ["run", "rehearsal://", "--only", "static"]),
        (".github/workflows/deploy.yml", ["run", "rehearsal://", "--only", "static"]),
        ("policy.json", ["iam", "check-no-new-access", "policy.json", "policy.json"]),
    ],
)
def test_a_sparse_file_ends_in_a_word_and_never_in_memory(sparse: str, command: list[str], tmp_path: Path) -> None:
    kept = {f"{RUN}/run.json": "{}\n", f"{RUN}/journal.jsonl": "{}\n", "waivers.toml": ""}
    write_tree(tmp_path, {"infra/main.tf": 'output "a" {\n  value = 1\n}\n', "criteria.toml": CRITERIA, **kept})
    make_sparse(tmp_path / sparse)
    ended = subprocess.run(
        [sys.executable, "-m", "prodgate.cli", *command],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode in (2, 4), said
    assert "is larger than" in said or "no check answered" in said, said
    assert "Traceback" not in said


# ── Bytecode

IMPORT = """
import sys
from pathlib import Path
from types import ModuleType
root = Path(sys.argv[1])
if "anew" in sys.argv:
    from prodgate.processes.sources import read_sources_only
    read_sources_only(root, ("policies",))
package = sys.modules.setdefault("policies", ModuleType("policies"))
package.__path__ = [str(root / "policies")]
import policies.inner.shop
print(policies.inner.shop.SAID)
"""


def forge(path: Path, text: str) -> None:
    """Leave bytecode of another text that Python takes for that of the file."""
    found, cache = path.stat(), Path(importlib.util.cache_from_source(str(path)))
    cache.parent.mkdir()
    head = importlib.util.MAGIC_NUMBER + bytes(4)
    told = int(found.st_mtime).to_bytes(4, "little") + found.st_size.to_bytes(4, "little")
    cache.write_bytes(head + told + marshal.dumps(compile(text, str(path), "exec")))


@pytest.mark.parametrize(("how", "said"), [("as usual", "forged"), ("anew", "written")])
def test_a_module_says_what_is_written_in_it(tmp_path: Path, how: str, said: str) -> None:
    module = tmp_path / "policies" / "inner" / "shop.py"
    write_tree(module.parent, {"__init__.py": "", module.name: 'SAID = "written"\n'})
    forge(module, 'SAID = "forged"\n')
    command = [sys.executable, "-c", IMPORT, str(tmp_path), how]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.stdout == f"{said}\n", done.stderr
    left = {path.name.partition(".")[0] for path in module.parent.rglob("*.pyc")}
    assert left == ({"shop"} if how == "anew" else {"shop", "__init__"})
