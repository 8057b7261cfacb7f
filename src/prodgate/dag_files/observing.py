"""Observes a folder of DAG files by rules, by ruff and by an import; returns JSON values."""

import importlib.util
import json
import os
import re
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ..aws.answers import Unreadable
from ..processes.child import Process, running
from ..processes.interpreter import drop_settings, own_python
from ..processes.regular_files import read_measured
from ..semantics.json_texts import read_json
from ..terraform.diagnostics import TerraformError
from ..terraform.runner import run
from .rules import check_file, refuse_file

#: Words without which no module of an archive declares a DAG, and Airflow passes over it.
_WORDS: Final = (b"dag", b"airflow")
#: Exceptions for an archive that is cut, damaged, encrypted, or compressed in a way that Python does not know.
_UNREADABLE: Final = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def read_archived(folder: Path, archives: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the text of each DAG file in archives below a folder, and why archives can't be read.

    A file is named as ``team.zip/news.py``.
    """
    texts, unread = dict[str, str](), dict[str, str]()
    for archive in archives:
        try:
            texts |= _read_archive(folder / archive, archive)
        except _UNREADABLE as error:
            unread[archive] = f"can't be read: {error}"
    return texts, unread


def write_archived(texts: dict[str, str], folder: Path) -> None:
    """Write the files as they are named below a folder, for a tool that reads no archives."""
    for name, text in texts.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")


def _read_archive(path: Path, archive: str) -> dict[str, str]:
    with zipfile.ZipFile(path) as opened:
        modules = {
            each.filename: opened.read(each)
            for each in opened.infolist()
            if "/" not in each.filename and each.filename.endswith(".py")
        }
    declaring = {name: text for name, text in modules.items() if all(word in text.lower() for word in _WORDS)}
    return {f"{archive}/{name}": text.decode("utf-8", "replace") for name, text in declaring.items()}


#: Seconds that importing all files may take, Airflow's own start with it.
LIMIT: Final = 180.0
#: Run by the python of the Airflow environment.
DRIVER: Final = Path(__file__).with_name("driver.py")

_KEPT: Final = ("PATH", "LD_LIBRARY_PATH")
#: Airflow's database is one that nobody can open: a file that asks it anything while it is imported fails.
_SETTINGS: Final = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////dev/null/none.db",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AWS_EC2_METADATA_DISABLED": "true",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def import_dags(
    folder: Path, python: Path, *, environment: Mapping[str, str] | None = None, limit: float = LIMIT
) -> dict[str, Any]:
    """Return what two imports say: ``version``, ``import_errors``, ``reached``, ``dags`` and ``unstable``.

    ``environment`` holds variables that DAG files may read. Two processes differ in how Python orders sets, so that a
    DAG that comes out of chance, or of the clock, differs as well. Raises Unreadable when Airflow gives no answer.
    """
    until = monotonic() + limit
    with ExitStack() as stack:
        begun = [stack.enter_context(_importing(folder, python, seed, environment or {})) for seed in ("1", "2")]
        first, second = (_read_answer(process, until, limit) for process in begun)
    return {**first, "unstable": _find_unstable(first, second)}


@contextmanager
def _importing(folder: Path, python: Path, seed: str, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run the driver with a home of its own; it ends when the context is left, or this process is gone."""
    with tempfile.TemporaryDirectory(prefix="prodgate-airflow-") as home:
        own = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own |= {**environment, **_SETTINGS, "AIRFLOW_HOME": home, "HOME": home, "TMPDIR": home, "PYTHONHASHSEED": seed}
        own["AIRFLOW__CORE__DAGS_FOLDER"] = str(folder.resolve())
        command = (str(python), "-B", "-s", "-P", str(DRIVER), str(folder.resolve()))
        with running(command, cwd=Path(home), environment=own) as (process, _):
            yield process


def _read_answer(process: Process, until: float, limit: float) -> dict[str, Any]:
    try:
        code = process.wait(max(0.0, until - monotonic())).code
    except subprocess.TimeoutExpired:
        raise Unreadable(f"Airflow did not import the DAG files within {limit:g} s: one of them does not end") from None
    if code:
        raise Unreadable(f"Airflow {process.describe_failure(code, ' while it imported the DAG files')}")
    try:
        answer: dict[str, Any] = read_json(process.output())
    except ValueError as error:
        raise Unreadable(f"what Airflow says of the DAG files can't be read: {error}") from None
    return answer


def _find_unstable(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the ids of DAGs that are not the same both times."""
    one, other = ({dag["dag_id"]: dag.get("digest") for dag in answer["dags"]} for answer in (first, second))
    return sorted(dag_id for dag_id in {*one, *other} if one.get(dag_id) != other.get(dag_id))


#: Seconds that it may take; it takes some ten milliseconds.
_RUFF_LIMIT: Final = 60.0
#: Nothing of the project's own settings, and the same answer on every machine.
_OPTIONS: Final = (
    "--select=AIR", "--preview", "--isolated", "--no-cache", "--output-format=json",
    "--exit-zero", "--target-version=py311",
)  # fmt: skip


def run_ruff(folder: Path, files: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``rule``, ``file``, ``line`` and ``text`` of each thing that ruff says of files, named as in a folder.

    Raises Unreadable when ruff is not there or gives no answer.
    """
    if importlib.util.find_spec("ruff") is None:
        raise Unreadable("ruff is not installed, which knows what each version of Airflow removed; pip install ruff")
    command = own_python("-m", "ruff", "check", *_OPTIONS, "--", *files)
    try:
        done = run(command, cwd=folder, environment=drop_settings(os.environ), limit=_RUFF_LIMIT)
    except TerraformError as error:
        raise Unreadable(str(error)) from None
    if done.code:
        raise Unreadable(f"ruff ended with exit code {done.code}: {' '.join(done.stderr.split())[-500:]}")
    # ruff reports a syntax error at length; rules.py does so in one line
    return [
        {
            "rule": found["code"],
            "file": Path(found["filename"]).relative_to(folder.resolve()).as_posix(),
            "line": found["location"]["row"],
            "text": " ".join(found["message"].split()),
        }
        for found in json.loads(done.stdout)
        if str(found["code"]).startswith("AIR")
    ]


#: Files that a deployment of DAGs leaves out.
_NOT_DEPLOYED: Final = re.compile(r"^tests/|(^|/)(__pycache__|\.[^/]+)/")


def observe(
    folder: Path, name: str, python: Path | str, *, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Look at the DAG files below a folder, which messages call ``name``.

    ``python`` is that of an Airflow environment, or the reason why there is none; ``environment`` holds variables that
    the files may read. Returns ``folder``, ``files``, ``rules``, ``declared``, ``lint`` and ``bag``; each of the last
    two is ``{"unread": reason}`` when it could not look.
    """
    files, (archived, unread) = list_deployed(folder), read_archived(folder, list_archives(folder))
    known = sorted((*files, *archived, *unread))
    with ThreadPoolExecutor(1) as thread:
        importing = thread.submit(_attempt, lambda: _import_dags(folder, python, environment, known))
        read = [
            *(_check(folder / file, file) for file in files),
            *(check_file(file, text) for file, text in archived.items()),
            *(([refuse_file(archive, why)], []) for archive, why in unread.items()),
        ]
        lint = _attempt(lambda: {"found": [*_lint(folder, files), *_lint_archived(archived)]})
        bag = importing.result()
    told = [one for complaints, _ in read for one in complaints]
    declared = [one for _, declarations in read for one in declarations]
    seen = {"folder": name, "files": known, "rules": told, "declared": declared, "lint": lint, "bag": bag}
    return keep_concerned(seen)


def list_deployed(folder: Path) -> list[str]:
    """Return the names of the Python files below a folder that a deployment copies, also of what can't be read."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if not path.is_dir())
    return sorted(filter(_is_deployed, names))


def list_archives(folder: Path) -> list[str]:
    """Return the names of the archives below a folder that a deployment copies."""
    found = (path for path in folder.rglob("*") if path.suffix != ".py" and path.is_file() and zipfile.is_zipfile(path))
    return sorted(filter(_is_deployed, (path.relative_to(folder).as_posix() for path in found)))


def keep_concerned(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out findings on files that Airflow ignores and no file imports, and on files that are not deployed.

    All files are kept if Airflow did not list them.
    """
    bag = seen["bag"]
    if "files" not in bag:
        return dict(seen)
    read = {file for file in seen["files"] if any(f"{file}/".startswith(f"{each}/") for each in bag["files"])}
    lint = {"found": _of(read, seen["lint"]["found"])} if "found" in seen["lint"] else seen["lint"]
    errors = {file: text for file, text in bag["import_errors"].items() if _is_deployed(file)}
    kept = {key: [one for one in bag[key] if _is_deployed(one["file"])] for key in ("reached", "dags")}
    ids = {dag["dag_id"] for dag in bag["dags"]} - {dag["dag_id"] for dag in kept["dags"]}
    unstable = [dag_id for dag_id in bag["unstable"] if dag_id not in ids]
    return {
        **seen,
        "files": sorted(read),
        "rules": _of(read, seen["rules"]),
        "declared": _of(read, seen["declared"]),
        "lint": lint,
        "bag": {**bag, "import_errors": errors, **kept, "unstable": unstable},
    }


def _of(files: set[str], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in told if one["file"] in files]


def _is_deployed(name: str) -> bool:
    return not _NOT_DEPLOYED.search(name)


def _lint(folder: Path, files: list[str]) -> list[dict[str, Any]]:
    regular = [file for file in files if (folder / file).is_file()]  # ruff would wait for a pipe
    return run_ruff(folder, regular) if regular else []


def _lint_archived(archived: dict[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="prodgate-archived-") as scratch:
        write_archived(archived, Path(scratch))
        return run_ruff(Path(scratch), sorted(archived)) if archived else []


def _check(path: Path, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Check a file without waiting for a pipe; a dangling link is reported."""
    try:
        if not path.is_file():
            return [refuse_file(name, "is no regular file; a deployment can't copy it")], []
        return check_file(name, read_measured(path).decode("utf-8", "replace"))
    except OSError as error:
        return [refuse_file(name, f"can't be read: {error.strerror}")], []


def _import_dags(
    folder: Path, python: Path | str, environment: Mapping[str, str] | None, files: list[str]
) -> dict[str, Any]:
    if isinstance(python, str):
        raise Unreadable(python)
    if not files:
        raise Unreadable(f"there is no DAG file below {folder.name}/")
    return import_dags(folder, python, environment=environment)


def _attempt(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except Unreadable as error:
        return {"unread": error.reason}
