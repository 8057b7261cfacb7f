"""Why an alarm tells nobody when it fires: on purpose, or because a rule mutes it."""

from __future__ import annotations

from ....aws.account import Account
from ....aws.answers import Unreadable
from ....semantics.alarm_rules import holds
from ....semantics.unresolved import Unresolved
from ...observers import reads
from ..alarm_settings import AlarmSettings, read_alarms

reads("cloudwatch", "GetAlarmMuteRule", "ListAlarmMuteRules")


def why_silent(account: Account, alarm: AlarmSettings) -> str:
    """Return why an alarm need not notify anybody itself, or an empty string. Raises Unreadable."""
    scaling = [action for action in alarm.actions if ":autoscaling:" in action]
    if scaling and len(scaling) == len(alarm.actions):
        return "scales a service and is not meant to tell anybody"
    telling = not alarm.actions and any(_tells_for(other, alarm) for other in account.once(read_alarms))
    return "part of a composite alarm, which tells for it" if telling else ""


def _tells_for(composite: AlarmSettings, alarm: AlarmSettings) -> bool:
    """Whether a composite alarm fires when this one alone does: of ``ALARM(a) AND ALARM(b)`` neither does it."""
    if composite.region != alarm.region or alarm.name not in composite.members:
        return False
    try:
        alone = holds(composite.rule, lambda name: "ALARM" if name == alarm.name else "OK")
        return alone and not holds(composite.rule, lambda _: "OK")
    except Unresolved as error:
        raise Unreadable(str(error)) from None


def list_mute_rules(account: Account, alarm: AlarmSettings) -> tuple[str, ...]:
    """Return the names of the active mute rules that silence an alarm. Raises Unreadable."""
    listed = account.list(
        "cloudwatch", "ListAlarmMuteRules", "AlarmMuteRuleSummaries", region=alarm.region, Statuses=["ACTIVE"]
    )
    names = [rule["AlarmMuteRuleArn"].rpartition(":")[2] for rule in listed]
    rules = [account.get("cloudwatch", "GetAlarmMuteRule", region=alarm.region, AlarmMuteRuleName=n) for n in names]
    return tuple(rule["Name"] for rule in rules if alarm.name in (rule.get("MuteTargets") or {}).get("AlarmNames", ()))
