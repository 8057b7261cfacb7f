"""The functions that create declared resources in the rehearsal account, by type: ``ADAPTERS``, whole once imported."""

from . import table
from .registry import ADAPTERS

__all__ = ["ADAPTERS", "table"]
