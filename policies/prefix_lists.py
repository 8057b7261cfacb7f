"""Prefix lists that rules of security groups name, and what is on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from prodgate import Block, Resource

LIST, ENTRY, ENDPOINT = "aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry", "aws_vpc_endpoint"
#: How the names of lists begin that AWS keeps: of one of its services each, and never of everybody.
OF_AWS = "com.amazonaws."


class Listed(NamedTuple):
    """Networks on the lists that are declared, and the lists that are stated elsewhere."""

    networks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read_lists(holder: Resource, block: Block, name: str) -> Listed:
    """Return what is on the prefix lists that an argument of a rule names. Raises Unresolved for unknown entries."""
    if block.search().get(name) is None:
        return Listed()
    if (known := block.known(name)) is not None:
        ids = {known} if isinstance(known, str) else {*known}
        lists = holder.configuration.identified(ids, LIST)
        return Listed(_list_networks(lists), tuple(sorted(ids - {id_ for one in lists for id_ in one.identities})))
    return _read_named(holder, block, name)


def _read_named(holder: Resource, block: Block, name: str) -> Listed:
    """Return what is on the lists whose ids AWS makes later: those that the argument names, or all of its blocks."""
    named = holder.references.get(f"{block.path}.{name}".lstrip(".").partition(".")[0], ())
    lists = holder.configuration.configured(named, LIST)
    of_aws = {each for each in named if _is_of_aws(holder, each)}
    foreign = [each for each in named if f".data.{LIST}." in f".{each}" and each not in of_aws]
    if block.path and len(lists) + len(foreign) > 1:
        return Listed(unread=(*(one.configured_as for one in lists), *foreign))
    if not (lists or of_aws or foreign):
        return Listed(unread=(name,))
    return Listed(_list_networks(lists), tuple(foreign))


def _is_of_aws(holder: Resource, address: str) -> bool:
    """Whether a configuration address is of something that names a list which AWS keeps."""
    within = f".{address}"
    if f".data.{LIST}." not in within:
        return f".{ENDPOINT}." in within or ".data.aws_prefix_list." in within
    read = [one for one in holder.configuration.resources if one.configured_as == address]
    return bool(read) and all(str(one.known("name")).startswith(OF_AWS) for one in read)


def _list_networks(lists: Iterable[Resource]) -> tuple[str, ...]:
    """Return the networks on lists: those of their blocks, and those that are declared apart."""
    found = []
    for one in lists:
        apart = one.configuration.naming(one, "prefix_list_id", ENTRY)
        found += [entry.text("cidr") for entry in (*one.blocks("entry"), *apart)]
    return tuple(filter(None, found))
