"""Tags of whatever the extension keeps, beside those of what moto keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .extension import FOLLOWS, Ledger, corrects


@corrects("resourcegroupstaggingapi", "GetResources", upstream=FOLLOWS)
def get_resources(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return tagged resources: those that have an ARN and tags where they are kept."""
    found = ledger.moto()["ResourceTagMappingList"]
    known = {each["ResourceARN"] for each in found}
    own = [{"ResourceARN": arn, "Tags": tags} for arn, tags in _list_tagged(ledger) if arn not in known]
    return {"ResourceTagMappingList": found + [each for each in own if _matches(each, params)]}


def _list_tagged(ledger: Ledger) -> Iterator[tuple[str, list[dict[str, str]]]]:
    for neighbour in ledger.neighbours():
        for kind in neighbour.kept.values():
            for held in kind.values():
                if isinstance(held, Mapping):
                    arn = next((held[name] for name in held if str(name).lower().endswith("arn")), "")
                    tags = _pairs(held.get("Tags") or held.get("tags") or {})
                    if arn and tags:
                        yield arn, tags


def _pairs(tags: Any) -> list[dict[str, str]]:
    """Return tags in one form: some services keep a map, others pairs with names of their own."""
    if isinstance(tags, Mapping):
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{name.lower().removeprefix("tag").title(): value for name, value in tag.items()} for tag in tags]


def _matches(each: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether it passes the filters: types such as ``airflow:environment``, and keys with values."""
    *_, service, _region, _account, resource = each["ResourceARN"].split(":", 5)
    tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
    types = params.get("ResourceTypeFilters") or [service]
    arns = params.get("ResourceARNList") or [each["ResourceARN"]]
    return (
        each["ResourceARN"] in arns
        and any(wanted in (service, f"{service}:{resource.split('/')[0].split(':')[0]}") for wanted in types)
        and all(
            asked["Key"] in tags and tags[asked["Key"]] in (asked.get("Values") or [tags[asked["Key"]]])
            for asked in params.get("TagFilters") or ()
        )
    )
