"""Describes an error in an adapter or a seed: what AWS answered, or where the code went wrong."""

from __future__ import annotations

import traceback


def describe_error(error: Exception) -> str:
    """Return the error in one line, with its place in the code unless AWS refused."""
    if hasattr(error, "operation_name"):  # boto3's form of AWS's refusals
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.filename.rpartition('/')[2]}:{frame.lineno}, in {frame.name})"
