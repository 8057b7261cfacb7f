"""Findings that the check must make about groups."""

from facts.groups import Group

KEEPS = [Group(subject="shop", zones=frozenset({"eu-central-1a", "eu-central-1b"}))]
VIOLATES = [Group(subject="lonely", zones=frozenset({"eu-central-1a"}))]
UNDETERMINED = [Group.unread("hidden", "access denied")]
