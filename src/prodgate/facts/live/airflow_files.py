"""The bucket that Airflow reads: its versioning, and whether its files are those of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments

reads("s3", "GetBucketVersioning", "GetObject", "ListObjectsV2")

#: What an environment may have besides its DAGs, in MWAA's words.
_PARTS: Final = ("Requirements", "Plugins", "StartupScript")
#: Folders of the project with its DAGs, and with the other parts.
_DAGS, _REST = "dags", "terraform"
#: What a deployment of DAGs leaves out.
_NOT_DEPLOYED: Final = re.compile(r"^tests/|(^|/)__pycache__/|\.pyc$")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowFiles(Fact):
    """What an Airflow environment runs; ``subject`` is the environment's ARN."""

    bucket: str
    versioning: str
    """``Enabled``, ``Suspended``, or empty for a bucket that never had versions."""
    dag_folder: str
    unnamed: tuple[str, ...]
    """Paths and object versions of requirements and plugins that the environment does not name."""
    absent: tuple[str, ...]
    """Files and versions that it names and the bucket does not hold."""
    strange_dags: tuple[str, ...]
    """DAG files that differ from the repository's, with how: changed, missing in the bucket, not in the repository."""
    strange_packages: tuple[str, ...]
    """Requirements and plugins that differ from the repository's."""


@observes(AirflowFiles)
def observe_airflow_files(account: Account) -> Iterator[AirflowFiles]:
    """Look at the bucket of every environment."""
    yield from map(apart(AirflowFiles, partial(_files, account), "Arn", "Name"), list_environments(account))


def _files(account: Account, found: Mapping[str, Any]) -> AirflowFiles:
    bucket = found["SourceBucketArn"].rpartition(":")[2]
    return AirflowFiles(
        subject=found["Arn"],
        bucket=bucket,
        versioning=account.attempt(_versioning, account, bucket),
        dag_folder=found["DagS3Path"],
        unnamed=tuple(_list_unnamed(found)),
        absent=account.attempt(_find_absent, account, bucket, found),
        strange_dags=account.attempt(_compare_dags, account, bucket, found["DagS3Path"]),
        strange_packages=account.attempt(_compare_packages, account, bucket, found),
    )


def _versioning(account: Account, bucket: str) -> str:
    return str((account.find("s3", "GetBucketVersioning", Bucket=bucket) or {}).get("Status", ""))


def _list_unnamed(found: Mapping[str, Any]) -> Iterator[str]:
    for part in _PARTS:
        path, version = f"{part}S3Path", f"{part}S3ObjectVersion"
        if part != "StartupScript" or found.get(path):
            yield from (name for name in (path, version) if not found.get(name))


def _list_named(found: Mapping[str, Any], *parts: str) -> Iterator[dict[str, str]]:
    """Yield key and version of each file that an environment names."""
    for part in parts:
        if found.get(f"{part}S3Path"):
            version = found.get(f"{part}S3ObjectVersion")
            yield {"Key": found[f"{part}S3Path"]} | ({"VersionId": version} if version else {})


def _find_absent(account: Account, bucket: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    named = [*_list_named(found, *_PARTS)]
    gone = [one for one in named if not _read_body(account, bucket, one)]
    return tuple(" in version ".join(one.values()) for one in gone)


def _read_body(account: Account, bucket: str, named: Mapping[str, str]) -> Mapping[str, Any]:
    """Return size and digest of a file in a bucket; empty if it is not there."""
    found: Mapping[str, Any] = (account.find("s3", "GetObject", Bucket=bucket, **named) or {}).get("Body", {})
    return found


def _compare_dags(account: Account, bucket: str, folder: str) -> tuple[str, ...]:
    """Compare the folder in the bucket with the project's. Raises Unreadable when there is nothing to compare with."""
    own = list_own_dags(account)
    prefix = folder.rstrip("/") + "/"
    objects = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=prefix)
    keys = [one["Key"] for one in objects if not one["Key"].endswith("/")]
    bodies = account.each(lambda key: _read_body(account, bucket, {"Key": key}), keys)
    held = {key.removeprefix(prefix): body.get("Sha256", "") for key, body in zip(keys, bodies, strict=True)}
    return tuple(_list_differences(held, own))


def list_own_dags(account: Account) -> Mapping[str, str]:
    """Return the digest of each file of the project's DAGs that is deployed. Raises Unreadable when there is none."""
    own = {path: digest for path, digest in account.files(_DAGS).items() if not _NOT_DEPLOYED.search(path)}
    if not own:
        raise Unreadable(f"the project has no {_DAGS}/ folder to compare the bucket with")
    return own


def _list_differences(held: Mapping[str, str], own: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*held, *own}):
        if path not in own:
            yield f"{path} is not in the repository"
        elif path not in held:
            yield f"{path} is missing in the bucket"
        elif held[path] != own[path]:
            yield f"{path} differs from the repository's"


def _compare_packages(account: Account, bucket: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    own = {path: digest for path, digest in account.files(_REST).items() if not _NOT_DEPLOYED.search(path)}
    if not own:
        raise Unreadable(f"the project has no {_REST}/ folder to compare requirements and plugins with")
    strange: list[str] = []
    for one in _list_named(found, "Requirements", "Plugins"):
        body = _read_body(account, bucket, one)
        held = body.get("Files") or {one["Key"].rpartition("/")[2]: body.get("Sha256", "")}
        strange += [f"{one['Key']}: {what}" for what in _compare_with_nearest_folder(held, own, whole="Files" in body)]
    return tuple(strange)


def _compare_with_nearest_folder(held: Mapping[str, str], own: Mapping[str, str], *, whole: bool) -> tuple[str, ...]:
    """Return how files differ from the folder of the repository that is most like them.

    An archive must match the ``whole`` folder; a single file, one file in it.
    """
    folders = {name.removesuffix(path) for path in held for name in own if f"/{name}".endswith(f"/{path}")}
    found = []
    for folder in sorted(folders) or [""]:
        below = {name.removeprefix(folder): digest for name, digest in own.items() if name.startswith(folder)}
        wanted = below if whole and folder else {path: below[path] for path in held if path in below}
        found.append(tuple(_list_differences(held, wanted)))
    return min(found, key=len)
