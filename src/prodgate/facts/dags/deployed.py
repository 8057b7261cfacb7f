"""The DAG files that an Airflow environment on MWAA reads, beside those of the repository, and its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.plain_json import to_plain
from ..live.airflow import list_environments
from ..live.airflow_files import list_own_dags
from ..observers import reads

reads("s3", "GetObject", "ListObjectsV2")

_COPIED: Final = ("Arn", "CreatedAt")


def observe_deployed(account: Account, environment: str) -> Mapping[str, Any]:
    """Return the environment, the files of its DAG folder and those of the repository, as plain JSON values.

    Raises Unreadable when there is no such environment, or nothing to compare its files with.
    """
    found = next((each for each in list_environments(account) if each["Name"] == environment), None)
    if found is None:
        raise Unreadable(f"there is no Airflow environment {environment or 'on MWAA'!r} whose files could be compared")
    bucket, prefix = found["SourceBucketArn"].rpartition(":")[2], f"{found['DagS3Path'].rstrip('/')}/"
    objects = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=prefix)
    kept = [one for one in objects if not one["Key"].endswith("/")]
    digests = account.each(lambda one: _read_digest(account, bucket, one["Key"]), kept)
    plain: Mapping[str, Any] = to_plain(
        {
            **{name: found.get(name) for name in _COPIED},
            "place": f"s3://{bucket}/{prefix}",
            "status": found["Status"],
            "last_update": found.get("LastUpdate"),
            "files": {
                one["Key"].removeprefix(prefix): {"digest": digest, "put": one["LastModified"]}
                for one, digest in zip(kept, digests, strict=True)
            },
            "own": list_own_dags(account),
        }
    )
    return plain


def _read_digest(account: Account, bucket: str, key: str) -> str:
    try:
        return str(account.get("s3", "GetObject", Bucket=bucket, Key=key)["Body"].get("Sha256", ""))
    except Absent:
        return ""


def put_at(deployed: Mapping[str, Any]) -> datetime:
    """Return when the last of the files was put there. Raises Unreadable when there is none."""
    times: list[datetime] = [one["put"] for one in deployed["files"].values()]
    if not times:
        raise Unreadable(f"{deployed['place']}: holds no file; deploy the DAGs")
    return max(times)


def list_differences(deployed: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the files that are deployed differ from the repository's."""
    held, own = deployed["files"], deployed["own"]
    for path in sorted({*held, *own}):
        if path not in own:
            yield f"{path} is not in the repository"
        elif path not in held:
            yield f"{path} is not deployed"
        elif held[path]["digest"] != own[path]:
            yield f"{path} differs from the repository's"
