"""Does each alarm work: does it notify somebody, does it watch existing resources, and does it fire in time?"""

from prodgate import Criterion, check
from prodgate.facts.live import Alarm, AlarmTopic


@check(
    "alarm-tells-someone",
    remedy="Enable its actions, end what mutes it, and let it notify a topic with a confirmed subscriber.",
)
def test_alarms_tell_someone(alarm: Alarm, criterion: Criterion) -> None:
    """Does this alarm notify somebody when it fires?

    An alarm that is part of another one may leave notification to it; one that scales a service notifies nobody.
    """
    if alarm.silent_on_purpose:
        raise criterion.not_applicable(alarm.silent_on_purpose)
    criterion.hold(
        not alarm.held_back, expected="actions enabled, no mute rule", observed=alarm.held_back, held="so it is"
    )
    heard = next((topic.subject for topic in alarm.topics if topic.exists and topic.subscribers), "")
    criterion.hold(bool(heard), expected="a topic with a confirmed subscriber", observed=heard or "none", held=heard)


@check("alarm-topic-deliverable")
def test_alarms_can_publish_to_their_topic(topic: AlarmTopic, criterion: Criterion) -> None:
    """Do the policy and the key of this topic let CloudWatch publish to it?

    A topic under alias/aws/sns passes every encryption scanner and delivers no alarm at all.
    """
    criterion.hold(topic.exists, expected="the topic that alarms notify", observed="no such topic")
    criterion.exclude(topic.refusals, expected="CloudWatch may publish")


@check(
    "alarm-delivery-shown",
    remedy="Show it: prodgate drill alarm NAME; where that fails, the alarm's history holds the action's error.",
    measures="time",
)
def test_a_notification_was_delivered(topic: AlarmTopic, criterion: Criterion) -> None:
    """Did this topic accept a notification from an alarm recently?"""
    if topic.delivered is None:
        raise criterion.undetermined("no alarm notified it in the history that AWS keeps")
    criterion.require(topic.delivered)


@check(
    "alarm-missing-data",
    remedy='Set TreatMissingData: "breaching" for what must always report, "notBreaching" for counters of failures.',
)
def test_missing_data_is_deliberate(alarm: Alarm, criterion: Criterion) -> None:
    """Does this alarm state how it treats missing data, and is silence from a metric that must report a breach?"""
    if alarm.on_alarms:
        raise criterion.not_applicable("is on other alarms")
    criterion.hold(bool(alarm.missing), expected="what missing data means", observed="nothing stated")
    deliberate = alarm.missing == "breaching" or not alarm.heartbeat
    criterion.hold(deliberate, expected="breaching", observed=alarm.missing)


@check("alarm-dimensions-resolve", remedy="Point the alarm at what exists now, or delete it.")
def test_alarms_watch_what_exists(alarm: Alarm, criterion: Criterion) -> None:
    """Does every resource that this alarm names exist?

    After a rename or a colour swap the alarm still watches the old name: no data, no alarm, and nobody notices.
    """
    if alarm.lost is None:
        raise criterion.not_applicable("names nothing that could be looked up")
    criterion.exclude(alarm.lost, expected="what exists")


@check(
    "alarm-has-data",
    remedy="Correct namespace, metric, dimensions and unit to what `aws cloudwatch list-metrics` shows.",
)
def test_alarms_have_data(alarm: Alarm, criterion: Criterion) -> None:
    """Is this alarm's state known, and did its metrics have data in the last hour, or in its evaluation window?

    Metrics that are silent while all is well, such as error counts, may be so if missing data is declared as no breach.
    """
    criterion.hold(alarm.state != "INSUFFICIENT_DATA", expected="a known state", observed=alarm.state)
    observed = "; ".join(alarm.without_data)
    criterion.hold(not observed, expected="data", observed=observed, held="data")


@check("alarm-utilization-threshold", measures="ratio without limit")
def test_utilization_alarms_fire_in_time(alarm: Alarm, criterion: Criterion) -> None:
    """Does this alarm on CPU or memory use fire below 100 %?"""
    if alarm.utilization is None:
        raise criterion.not_applicable("does not fire on high CPU or memory use")
    criterion.require(alarm.utilization)


@check(
    "alarm-threshold-follows-slo",
    remedy="Set the threshold to the latency objective or less; TargetResponseTime is in seconds.",
    measures="time",
)
def test_response_time_alarms_follow_the_objective(alarm: Alarm, criterion: Criterion) -> None:
    """Does this alarm on the 95th percentile of response times fire at the objective or before?"""
    if alarm.response_time is None:
        raise criterion.not_applicable("does not watch the 95th percentile of response times")
    criterion.require(alarm.response_time)


@check(
    "alarm-error-threshold-follows-slo",
    remedy="Set the threshold to the error objective or less, in the expression's unit (0.1 when in percent).",
    measures="ratio",
)
def test_error_rate_alarms_follow_the_objective(alarm: Alarm, criterion: Criterion) -> None:
    """Does this alarm on the share of failed requests fire at the objective or before?"""
    if alarm.error_rate is None:
        raise criterion.not_applicable("does not watch an error rate")
    criterion.require(alarm.error_rate)


@check("alarm-mwaa-metrics-exist")
def test_airflow_alarms_read_metrics_that_exist(alarm: Alarm, criterion: Criterion) -> None:
    """Does the environment's version of Airflow publish the metrics that this alarm on Airflow watches?

    SLAMissed ended with Airflow 2.10: an alarm on it never fires.
    """
    if alarm.airflow_faults is None:
        raise criterion.not_applicable("does not watch Airflow")
    faults = "; ".join(alarm.airflow_faults)
    criterion.hold(not faults, expected="a published metric", observed=faults, held="published")


@check("metrics-published", population=0)
def test_alarms_read_published_metrics(alarm: Alarm, criterion: Criterion) -> None:
    """Does AWS publish the metrics that this alarm reads, under the dimensions that it states?"""
    if alarm.unpublished is None:
        raise criterion.not_applicable("reads no metric of a service whose metrics are listed here")
    criterion.exclude(alarm.unpublished, expected="a published metric")
