"""Reads what an environment's startup script exports; MWAA runs it before every process of Airflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_EXPORT: Final = re.compile(r"^export (?P<name>\w+)='(?P<value>[^']*)'$", re.MULTILINE)


def read_exports(aws: Callable[[str], Any], environment: str) -> Mapping[str, str]:
    """Return the variables that the script of an MWAA environment exports as ``export NAME='value'``.

    The rest of the script is ignored: the rehearsal runs no shell. Raises LookupError when the script is not in its
    bucket.
    """
    found = aws("mwaa").get_environment(Name=environment)["Environment"]
    if not (path := found.get("StartupScriptS3Path")):
        return {}
    bucket, s3 = found["SourceBucketArn"].rpartition(":")[2], aws("s3")
    try:
        text = s3.get_object(Bucket=bucket, Key=path)["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        raise LookupError(f"s3://{bucket}/{path}: is named by {environment} and not there") from None
    return {match["name"]: match["value"] for match in _EXPORT.finditer(text)}
