"""Build the published files: wheel and sdist, the same bytes each time, and a bill of materials.

python scripts/build_release.py                # into dist/, and build/prod-gate.cdx.json
python scripts/build_release.py --tag v0.1.0   # refused unless that is the version, with a section in CHANGELOG.md

It builds the commit, from an export of it, twice, in two places: a difference is an error. The wheel is built from the
sdist, which proves that the sdist is complete. The bill of materials (CycloneDX) lists the packages of uv.lock for all
extras.
"""

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
#: The build requirements, with digests.
CONSTRAINTS = ROOT / "scripts" / "building.lock"
BILL = "prod-gate.cdx.json"


class ReleaseError(Exception):
    """Nothing may be published; the message says why."""


def build(tree: Path, into: Path, epoch: int) -> Mapping[str, str]:
    """Build the sdist of a tree, and the wheel of the sdist; return their SHA-256 by name. Raises ReleaseError."""
    hashed = ("--build-constraints", str(CONSTRAINTS), "--require-hashes")
    _run(tree, epoch, find_uv_bin(), "build", "--quiet", *hashed, "--out-dir", str(into), str(tree))
    built = [path for path in into.iterdir() if path.name.endswith((".whl", ".tar.gz"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(built)}


def build_twice(tree: Path, into: Path, epoch: int) -> Mapping[str, str]:
    """Build a tree, and a copy of it in another place, with files of another day. Raises ReleaseError."""
    first = build(tree, into, epoch)
    with TemporaryDirectory(prefix="prodgate-") as place:
        copy = Path(place) / "elsewhere" / tree.name
        shutil.copytree(tree, copy, copy_function=shutil.copyfile)
        second = build(copy, Path(place) / "dist", epoch)
    if first != second:
        differ = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        raise ReleaseError(f"{', '.join(differ)}: not the same bytes when built again; nothing may depend on the place")
    return first


def export(commit: str, into: Path) -> None:
    """Write the files of a commit into a folder."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(into, filter="data")


def make_bill(tree: Path, epoch: int, files: Mapping[str, str]) -> str:
    """Return the lock file of a tree as CycloneDX, with the time of the commit and the component it describes."""
    command = (find_uv_bin(), "export", "--quiet", "--frozen", "--no-dev", "--all-extras", "--format", "cyclonedx1.5")
    bill = json.loads(_run(tree, epoch, *command))
    bill["metadata"]["timestamp"] = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    bill["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(files, sort_keys=True))}"
    hashes = [{"name": f"sha256:{name}", "value": digest} for name, digest in files.items()]
    bill["metadata"]["component"].setdefault("properties", []).extend(hashes)
    return json.dumps(bill, indent=2) + "\n"


def refuse_other(tag: str, tree: Path) -> None:
    """Raise ReleaseError unless a tag names the version of a tree, and the changelog has a section for it."""
    version = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag != f"v{version}":
        raise ReleaseError(f"{tag}: the version in pyproject.toml is {version}; tag it v{version}, or raise it first")
    changes = (tree / "CHANGELOG.md").read_text("utf-8")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE):
        raise ReleaseError(f"{tag}: CHANGELOG.md has no section '## {version} - DATE'; say what changed")


def _run(folder: Path, epoch: int, *command: str) -> str:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{Path(command[0]).name} {command[1]}: {done.stderr.strip()[-600:]}")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Build the release of the commit that is checked out; return 1 if it must not be published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tag", default="", help="the tag that is to be published")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="a folder that is made anew (default: dist)")
    given = parser.parse_args(arguments)
    commit = ("git", "log", "-1", "--format=%ct")
    epoch = int(subprocess.run(commit, cwd=ROOT, capture_output=True, check=True).stdout)
    shutil.rmtree(given.into, ignore_errors=True)
    try:
        with TemporaryDirectory(prefix="prodgate-") as place:
            tree = Path(place) / "prod-gate"
            export("HEAD", tree)
            if given.tag:
                refuse_other(given.tag, tree)
            files = build_twice(tree, given.into, epoch)
            bill = make_bill(tree, epoch, files)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / BILL).write_text(bill, "utf-8")
    sys.stdout.writelines(f"{digest}  {name}\n" for name, digest in files.items())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
