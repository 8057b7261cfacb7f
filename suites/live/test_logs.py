"""Is everything logged, are the logs kept, and do they hold nothing that they must not?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.live import ComponentLog, Entrance, LoggedText, LogGroup, NetworkRecord


@check(
    "logs-every-component", remedy="Let the part write to a log group of CloudWatch, and make the group.", population=5
)
def test_every_component_writes_a_log(log: ComponentLog, criterion: Criterion) -> None:
    """Does every part of the component write to a log group that exists?

    A component is a service, a database, a web ACL, a VPC or an Airflow environment.
    """
    criterion.exclude(log.silent, expected="a log group")
    criterion.hold(bool(log.groups), expected="a log group", observed="none")


@check("logs-retention", remedy="Set the retention of the group (aws logs put-retention-policy).", measures="time")
def test_log_groups_keep_what_they_hold(group: LogGroup, criterion: Criterion) -> None:
    """Is the group's retention stated, and is it long enough?"""
    if group.retention is None:
        criterion.hold(False, expected="a stated retention", observed="kept for ever")
    else:
        criterion.require(group.retention)


@check("access-logs", remedy="Switch the access log on, or deliver it (logging, a log delivery, access_logs).")
def test_entrances_write_access_logs(entrance: Entrance, criterion: Criterion) -> None:
    """Does the distribution or the load balancer log its requests?"""
    criterion.hold(
        bool(entrance.access_log),
        expected="an access log",
        observed=entrance.access_log or "none",
        held=entrance.access_log,
    )


@check(
    "logs-arriving",
    remedy="Look at what writes to the group, and at its right to: logs:CreateLogStream and logs:PutLogEvents.",
    measures="time",
    population=5,
)
def test_logs_arrive(log: ComponentLog, criterion: Criterion) -> None:
    """How long ago did the quietest log group of the component receive its newest event?

    CloudWatch shows new events up to an hour late.
    """
    if log.silence is None:
        criterion.hold(False, expected="an event", observed=f"none in {log.quietest or 'any log group'}")
    elif criterion.bound and not criterion.bound.admits(log.silence):
        criterion.hold(False, expected=str(criterion.bound), observed=f"{log.silence} in {log.quietest}")
    else:
        criterion.require(log.silence)


@check(
    "secrets-not-in-logs",
    remedy="Revoke the credential, keep the program from printing it, then delete the stream that holds it.",
    measures="count",
)
def test_no_credential_is_logged(text: LoggedText, criterion: Criterion) -> None:
    """How many streams of the group received a credential in the last day?

    The search recognises only credentials of a form that their issuer defined: it misses a password, which has no form,
    and a credential split over two events. It covers 1,000 pages of a group; a longer group stays undetermined.
    """
    found = Quantity.of(len(text.credentials))
    if criterion.bound and not criterion.bound.admits(found):
        criterion.hold(False, expected=str(criterion.bound), observed=f"{found}: {'; '.join(text.credentials)}")
    criterion.require(found)


@check("network-flow-logs", remedy="Add a flow log of the VPC for all traffic, and let its role write to the group.")
def test_what_is_refused_is_recorded(record: NetworkRecord, criterion: Criterion) -> None:
    """Are rejected connections of the VPC logged, and are the logs delivered?"""
    recorded, observed = "REJECT" in record.recorded, _tell(record)
    criterion.hold(recorded, expected="REJECT recorded and delivered", observed=observed, held=observed)


@check(
    "network-flow-logs-accepted",
    remedy="Add a flow log of the VPC for all traffic, and let its role write to the group.",
)
def test_what_is_let_through_is_recorded(record: NetworkRecord, criterion: Criterion) -> None:
    """Are accepted connections of the VPC logged, and are the logs delivered?"""
    recorded, observed = "ACCEPT" in record.recorded, _tell(record)
    criterion.hold(recorded, expected="ACCEPT recorded and delivered", observed=observed, held=observed)


def _tell(record: NetworkRecord) -> str:
    return "; ".join([*sorted(record.recorded), *record.failures]) or "none"
