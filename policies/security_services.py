"""AWS's security services are on, and their findings reach somebody."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from prodgate import Block, Configuration, Criterion, Resource, policy
from prodgate.semantics.event_patterns import SEVERE, matches

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
OUTSIDE = ("ACCOUNT", "ORGANIZATION")
#: Switches of a detector itself, from before features had resources of their own.
SOURCES = (
    "datasources.s3_logs.enable",
    "datasources.kubernetes.audit_logs.enable",
    "datasources.malware_protection.scan_ec2_instance_with_findings.ebs_volumes.enable",
)


@policy(
    "PG_WATCH_1",
    criterion="threat-detection",
    resources=("aws_guardduty_detector",),
    required=True,
    remedy="Declare aws_guardduty_detector with enable = true, and leave its features enabled.",
)
def guardduty_is_on(detector: Resource, criterion: Criterion) -> None:
    """GuardDuty is on, and none of its features is switched off. Unset means on."""
    criterion.hold(detector.flag("enable", True), expected="enable = true", observed="off")
    features = detector.configuration.naming(detector, "detector_id", "aws_guardduty_detector_feature")
    off = [feature.text("name") for feature in features if feature.text("status") != "ENABLED"]
    off += [path for path in SOURCES if not detector.flag(path, True)]
    criterion.exclude(off, expected="features ENABLED", observed="{} off")


@policy(
    "PG_WATCH_2",
    criterion="security-hub",
    resources=("aws_securityhub_account",),
    required=True,
    remedy="Declare aws_securityhub_account and subscribe to a standard.",
)
def security_hub_judges_by_a_standard(hub: Resource, criterion: Criterion) -> None:
    """Security Hub is on and judges the account by at least one standard; unset means AWS's default ones."""
    subscribed = hub.configuration.of("aws_securityhub_standards_subscription")
    standard = bool(subscribed) or hub.flag("enable_default_standards", True)
    criterion.hold(standard, expected="a standard", observed="no standard, so no findings of its own")


@policy(
    "PG_WATCH_3",
    criterion="configuration-recorder",
    resources=("aws_config_configuration_recorder",),
    required=True,
    remedy="Record all supported and global types, enable the recorder, and give it a delivery channel.",
)
def every_resource_is_recorded(recorder: Resource, criterion: Criterion) -> None:
    """AWS Config records every type of resource, is switched on and delivers. Unset records all but global types."""
    group = recorder.block("recording_group")
    everything = group is None or group.flag("all_supported", True)
    criterion.hold(everything, expected="all_supported = true", observed="some types only")
    worldwide = group is not None and group.flag("include_global_resource_types")
    criterion.hold(worldwide, expected="include_global_resource_types = true", observed="IAM is not recorded")
    running = recorder.configuration.naming(recorder, "name", "aws_config_configuration_recorder_status")
    on = any(status.flag("is_enabled") for status in running)
    criterion.hold(on, expected="is_enabled = true", observed="the recorder is not started")
    delivered = bool(recorder.configuration.of("aws_config_delivery_channel"))
    criterion.hold(delivered, expected="aws_config_delivery_channel", observed="no delivery channel")


@policy(
    "PG_WATCH_4",
    criterion="audit-trail",
    resources=("aws_cloudtrail",),
    required=True,
    remedy="Set is_multi_region_trail and enable_log_file_validation, and leave logging and global events on.",
)
def the_trail_records_everything(trail: Resource, criterion: Criterion) -> None:
    """CloudTrail records management events of every region and of global services, with file validation.

    Logging and global events are on when unset; several regions and validation are not.
    """
    wanted = {"is_multi_region_trail": False, "enable_log_file_validation": False, "enable_logging": True,
              "include_global_service_events": True}  # fmt: skip
    for name, default in wanted.items():
        criterion.hold(trail.flag(name, default), expected=f"{name} = true", observed=f"{name} = false")
    selectors = trail.blocks("event_selector")
    kinds = {s.text("read_write_type", "All") for s in selectors if s.flag("include_management_events", True)}
    kinds |= {kind for selector in trail.blocks("advanced_event_selector") for kind in _management_events(selector)}
    criterion.exclude(
        [source for selector in selectors for source in selector.texts("exclude_management_event_sources")],
        expected="management events of every service",
        observed="none of {}",
    )
    stated = selectors or trail.blocks("advanced_event_selector")
    whole = not stated or "All" in kinds or {"ReadOnly", "WriteOnly"} <= kinds
    criterion.hold(whole, expected="management events, reads and writes", observed=f"{sorted(map(str, kinds))}")


def _management_events(selector: Block) -> list[str]:
    """Return the management events that an advanced selector takes: All, ReadOnly or WriteOnly, or none."""
    fields = {one.text("field"): one for one in selector.blocks("field_selector")}
    if "eventCategory" not in fields or "Management" not in fields["eventCategory"].texts("equals"):
        return []
    if "readOnly" in fields:
        return ["ReadOnly" if one == "true" else "WriteOnly" for one in fields["readOnly"].texts("equals")]
    return ["All"] if fields.keys() == {"eventCategory"} else ["some"]


@policy(
    "PG_WATCH_5",
    criterion="access-analyzer",
    resources=("aws_accessanalyzer_analyzer",),
    required=True,
    remedy="Declare an aws_accessanalyzer_analyzer of type ACCOUNT or ORGANIZATION.",
)
def outside_access_is_analysed(analyzer: Resource, criterion: Criterion) -> None:
    """An analyzer looks for access from outside the account or organisation, including public access.

    Unset means ACCOUNT. Analyzers of unused or internal access are useful, but answer another question.
    """
    tree = analyzer.configuration
    if analyzer.text("type", "ACCOUNT") not in OUTSIDE:
        others = any(one.text("type", "ACCOUNT") in OUTSIDE for one in tree.of("aws_accessanalyzer_analyzer"))
        criterion.hold(others, expected=" or ".join(OUTSIDE), observed=analyzer.text("type"))
        raise criterion.not_applicable("does not look for access from outside; another analyzer does")
    rules = [rule for rule in tree.of("aws_accessanalyzer_archive_rule") if _same_analyzer(rule, analyzer)]
    hiding = [rule.address for rule in rules if any("true" in one.texts("eq") for one in _public_filters(rule))]
    criterion.exclude(hiding, expected="public access in sight", observed="{} archives it")


def _same_analyzer(rule: Resource, analyzer: Resource) -> bool:
    return rule.text("analyzer_name") == analyzer.text("analyzer_name")


def _public_filters(rule: Resource) -> list[Block]:
    return [one for one in rule.blocks("filter") if one.text("criteria") == "isPublic"]


@policy(
    "PG_WATCH_6",
    criterion="bucket-public-access-blocked",
    severity="medium",
    resources=("aws_s3_account_public_access_block",),
    required=True,
    remedy="Declare aws_s3_account_public_access_block with all four arguments true.",
)
def the_account_blocks_public_buckets(account: Resource, criterion: Criterion) -> None:
    """The account blocks public buckets, whatever the settings of a bucket. Unset means false."""
    for name in BLOCKS:
        criterion.hold(account.flag(name), expected=f"{name} = true", observed=f"{name} = false")


@policy(
    "PG_WATCH_8",
    criterion="image-scan-on-push",
    resources=("aws_ecr_repository",),
    population=0,
    remedy="Set scan_on_push = true, or scan the registry with Inspector.",
)
def images_are_scanned(repository: Resource, criterion: Criterion) -> None:
    """Images are scanned when they are pushed, by the repository or by a scan of the whole registry."""
    tree = repository.configuration
    name = repository.text("name") or ""
    registry = any(fnmatchcase(name, pattern) for pattern in tree.once(_list_scanned))
    inspector = not tree.of("aws_ecr_registry_scanning_configuration") and any(
        "ECR" in enabler.texts("resource_types") for enabler in tree.of("aws_inspector2_enabler")
    )
    scanned = registry or inspector or repository.flag("image_scanning_configuration.scan_on_push")
    criterion.hold(scanned, expected="scan_on_push = true", observed="no scan")


def _list_scanned(tree: Configuration) -> tuple[str, ...]:
    """Return the patterns of repository names that the registry scans. A filter without a wildcard matches a part."""
    rules = [rule for one in tree.of("aws_ecr_registry_scanning_configuration") for rule in one.blocks("rule")]
    scanning = [rule for rule in rules if rule.text("scan_frequency") in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")]
    filters = {one.text("filter") or "" for rule in scanning for one in rule.blocks("repository_filter")}
    return tuple(each if "*" in each else f"*{each}*" for each in sorted(filters))


# ── What protects the whole account is not declared as switched off

#: What records, detects or protects by default -> the argument that switches it, and its value for "off".
SWITCHES = {
    "aws_cloudtrail": ("enable_logging", "false"),
    "aws_config_configuration_recorder_status": ("is_enabled", "false"),
    "aws_ebs_encryption_by_default": ("enabled", "false"),
    "aws_ebs_snapshot_block_public_access": ("state", "unblocked"),
    "aws_ec2_image_block_public_access": ("state", "unblocked"),
    "aws_ec2_instance_metadata_defaults": ("http_tokens", "optional"),
    "aws_emr_block_public_access_configuration": ("block_public_security_group_rules", "false"),
    "aws_glue_data_catalog_encryption_settings": (
        "data_catalog_encryption_settings.encryption_at_rest.catalog_encryption_mode", "DISABLED"),
    "aws_guardduty_detector": ("enable", "false"),
    "aws_macie2_account": ("status", "PAUSED"),
}  # fmt: skip


@policy(
    "PG_WATCH_9",
    criterion="defences-not-switched-off",
    resources=tuple(SWITCHES),
    population=0,
    remedy="Switch it on. If another root or account does its work, drop the resource.",
)
def defences_are_not_switched_off(defence: Resource, criterion: Criterion) -> None:
    """Nothing that records, detects or protects by default is declared as switched off. Unset counts as on.

    A root without the resource says nothing: another root may declare it. One that switches it off decides.
    """
    argument, off = SWITCHES[defence.type]
    found = (defence.text(argument) or "").lower()
    criterion.hold(found != off.lower(), expected=f"{argument} other than {off}", observed=off)


# ── The findings of the services that watch the account reach somebody

#: Services whose findings must reach somebody -> source of their events.
FINDERS = {"aws_guardduty_detector": "aws.guardduty", "aws_securityhub_account": "aws.securityhub"}

#: How many resources a message names.
NAMED = 5


@policy(
    "PG_WATCH_7",
    criterion="security-alerts-reach-someone",
    resources=tuple(FINDERS),
    required=True,
    remedy="Add aws_cloudwatch_event_rule for the source of the findings with a topic that somebody subscribes to.",
)
def findings_reach_somebody(finder: Resource, criterion: Criterion) -> None:
    """An EventBridge rule passes severe findings of GuardDuty and Security Hub to a topic with a subscriber.

    GuardDuty also counts if Security Hub, which imports its findings, passes on all of them.
    """
    tree = finder.configuration
    rules = tree.once(_RULES[finder.type])
    criterion.hold(bool(rules), expected=f"a rule for {FINDERS[finder.type]}", observed="none", premise=True)
    severe = tree.once(_SEVERE[finder.type])
    criterion.hold(severe, expected="findings of high and critical severity", observed="a pattern that leaves some out")
    topics = tree.once(_TOPICS[finder.type])
    criterion.hold(bool(topics), expected="a topic as target", observed=f"none of {_name_some(rules)}", premise=True)
    heard = tree.once(_HEARD[finder.type])
    criterion.hold(heard, expected="a subscriber", observed=f"nobody listens to {_name_some(topics)}")


def _name_some(found: Sequence[Resource]) -> str:
    """Name the first few of the resources found: the text is made for each subject, from all of them."""
    return f"{[each.address for each in found[:NAMED]]}{' and others' if len(found) > NAMED else ''}"


def _list_sources(tree: Configuration, finder: str) -> list[str]:
    return sorted({FINDERS[finder], *(["aws.securityhub"] if tree.of("aws_securityhub_account") else [])}, reverse=True)


def _find_rules(tree: Configuration, finder: str) -> tuple[Resource, ...]:
    """Return the rules that pass on events of a service, or of Security Hub if it imports them."""
    sources = set(_list_sources(tree, finder))
    return tuple(one for one in tree.of("aws_cloudwatch_event_rule") if _is_on(one) and _matches(one, sources))


def _is_on(rule: Resource) -> bool:
    return rule.text("state", "ENABLED") != "DISABLED" and rule.flag("is_enabled", True)


def _matches(rule: Resource, sources: set[str]) -> bool:
    pattern: Any = rule.json("event_pattern") or {}
    return bool(sources & {one for one in pattern.get("source", ()) if isinstance(one, str)})


def _pass_severe_ones(tree: Configuration, finder: str) -> bool:
    """Whether each severe finding of a source is passed on by some rule."""
    patterns = [rule.json("event_pattern") or {} for rule in _find_rules(tree, finder)]
    return any(
        all(
            any(matches(pattern, {"source": source, "detail": detail}) for pattern in patterns)
            for detail in SEVERE[source]
        )
        for source in _list_sources(tree, finder)
    )


def _find_topics(tree: Configuration, finder: str) -> tuple[Resource, ...]:
    targets = [
        one for rule in _find_rules(tree, finder) for one in tree.naming(rule, "rule", "aws_cloudwatch_event_target")
    ]
    return tuple(topic for target in targets for topic in target.related("arn", "aws_sns_topic"))


def _are_heard(tree: Configuration, finder: str) -> bool:
    topics = _find_topics(tree, finder)
    return any(tree.naming(one, "topic_arn", "aws_sns_topic_subscription") or _has_chat_channel(one) for one in topics)


#: Computed once for all finders of a type.
_RULES = {finder: partial(_find_rules, finder=finder) for finder in FINDERS}
_SEVERE = {finder: partial(_pass_severe_ones, finder=finder) for finder in FINDERS}
_TOPICS = {finder: partial(_find_topics, finder=finder) for finder in FINDERS}
_HEARD = {finder: partial(_are_heard, finder=finder) for finder in FINDERS}


def _has_chat_channel(topic: Resource) -> bool:
    return bool(topic.configuration.naming(topic, "sns_topic_arns", "aws_chatbot_slack_channel_configuration"))
