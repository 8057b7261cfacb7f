"""Prowler as a peer of the live layer: the checks that match ours, on the same account."""

import os
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from grown_account import REGION
from uv import find_uv_bin

from prodgate.engines.environments import cache_directory

VERSION = "5.46.0"
CHECKS = (
    "backup_plans_exist", "backup_vaults_encrypted", "cloudwatch_alarm_actions_alarm_state_configured",
    "cloudwatch_alarm_actions_enabled", "cloudwatch_log_group_kms_encryption_enabled",
    "cloudwatch_log_group_retention_policy_specific_days_enabled",
    "ec2_securitygroup_allow_ingress_from_internet_to_any_port", "ec2_securitygroup_default_restrict_traffic",
    "iam_inline_policy_no_administrative_privileges", "iam_role_administratoraccess_policy",
    "kms_cmk_rotation_enabled", "rds_cluster_multi_az", "s3_bucket_default_encryption",
    "s3_bucket_level_public_access_block", "s3_bucket_object_versioning", "s3_bucket_secure_transport_policy",
    "s3_bucket_server_access_logging_enabled", "vpc_flow_logs_enabled",
)  # fmt: skip


def scan(endpoint: str, calls: Callable[[], int]) -> tuple[float, int, float]:
    """Run Prowler on the account at an endpoint; return seconds, calls and megabytes."""
    program = install()
    calls()
    with TemporaryDirectory(prefix="prodgate-prowler-") as place:
        settings = {"AWS_ACCESS_KEY_ID": "rehearsal", "AWS_SECRET_ACCESS_KEY": "rehearsal", "HOME": place}
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        command = [str(program), "aws", "--region", REGION, "--checks", *CHECKS, "-M", "json-ocsf", "-o", place]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--no-banner", "--aws-retries-max-attempts", "1"],
            cwd=place,
            env={**kept, **settings, "AWS_ENDPOINT_URL": endpoint},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 3) or not any(Path(place).rglob("*.ocsf.json")):
            raise RuntimeError(f"Prowler ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return seconds, calls(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def install() -> Path:
    """Install the program in an environment of its own unless it is there; return its path."""
    place = cache_directory() / "peers" / f"prowler-{VERSION}"
    program = place / "bin" / "prowler"
    if not program.exists():
        subprocess.run([find_uv_bin(), "venv", "--quiet", "--clear", str(place)], check=True)
        python = str(place / "bin" / "python")
        subprocess.run([find_uv_bin(), "pip", "install", "-q", "--python", python, f"prowler=={VERSION}"], check=True)
    return program
