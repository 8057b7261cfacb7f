"""The Airflow environment: its web server, its logs, its versioned files, and its settings."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from prodgate import Configuration, Criterion, Quantity, Resource, Unresolved, policy
from prodgate.semantics.airflow_versions import dag_concurrency, parallelism, parse_version, setting_mistakes, settings

from .evidence import versioning_status
from .identity import find_reached
from .observability import TOPIC, alarms_on, fires_above, has_subscriber, key_opens, point_at_nearest, serves
from .unset import is_unset

# ── Airflow environments as they are declared


def version_of(environment: Resource) -> tuple[int, ...]:
    """Return the Airflow version of an MWAA environment. Raises Unresolved when the environment does not say."""
    return parse_version(environment.text("airflow_version") or "")


ENVIRONMENT = ("aws_mwaa_environment",)
LOGS = ("dag_processing_logs", "scheduler_logs", "task_logs", "webserver_logs", "worker_logs")


@policy(
    "PG_PIPE_1",
    criterion="mwaa-webserver-private",
    resources=ENVIRONMENT,
    remedy='Set webserver_access_mode = "PRIVATE_ONLY".',
    population=0,
)
def web_servers_are_private(environment: Resource, criterion: Criterion) -> None:
    """The Airflow web server can be reached only from inside the VPC.

    PRIVATE_ONLY is also AWS's default. With a public Airflow, one stolen session gives away every connection it holds.
    """
    mode = (
        "PRIVATE_ONLY" if is_unset(environment, "webserver_access_mode") else environment.text("webserver_access_mode")
    )
    criterion.hold((mode or "PRIVATE_ONLY") == "PRIVATE_ONLY", expected="PRIVATE_ONLY", observed=mode, held=mode)


@policy(
    "PG_PIPE_2",
    criterion="mwaa-logs",
    resources=ENVIRONMENT,
    remedy=(
        "Enable all five blocks of logging_configuration: dag_processing, scheduler, task, webserver and worker logs."
    ),
    population=0,
)
def airflow_writes_all_its_logs(environment: Resource, criterion: Criterion) -> None:
    """All five logs of an Airflow environment are on.

    An omitted block means a log that is off, and the worker's last words are usually in that one.
    """
    configured = environment.blocks("logging_configuration")
    on = {name for one in configured for name in LOGS for log in one.blocks(name) if log.flag("enabled")}
    criterion.exclude(sorted({*LOGS} - on), expected="all five on", observed="{} off")


@policy(
    "PG_PIPE_3",
    criterion="dag-bucket-versioned",
    resources=ENVIRONMENT,
    remedy='Add an aws_s3_bucket_versioning with the status "Enabled" for the bucket that source_bucket_arn names.',
    population=0,
)
def dag_buckets_are_versioned(environment: Resource, criterion: Criterion) -> None:
    """The bucket that an Airflow environment reads is versioned.

    MWAA requires it, and it is how a bad DAG is rolled back.
    """
    buckets = environment.related("source_bucket_arn", "aws_s3_bucket")
    if not buckets:
        raise criterion.undetermined("its bucket is declared elsewhere")
    status = versioning_status(buckets[0])
    criterion.hold(status == "Enabled", expected="Enabled", observed=status)


@policy(
    "PG_PIPE_4",
    criterion="dag-artifacts-declared",
    resources=ENVIRONMENT,
    remedy="Set requirements_s3_path and plugins_s3_path, each with its object version (aws_s3_object….version_id).",
    required=True,
)
def artifacts_are_named_by_version(environment: Resource, criterion: Criterion) -> None:
    """An Airflow environment names its requirements, plugins and startup script by the version of the object.

    Without a version MWAA takes the current object at its next restart, which may be months after the upload.
    """
    script = () if is_unset(environment, "startup_script_s3_path") else ("startup_script",)
    parts = ("requirements", "plugins", *script)
    wanted = [f"{part}_s3_{kind}" for part in parts for kind in ("path", "object_version")]
    missing = [name for name in wanted if is_unset(environment, name) or not environment.has(name)]
    criterion.exclude(missing, expected="paths and object versions", observed="{} not set")


@policy(
    "PG_PIPE_5",
    criterion="dag-requirements-pinned",
    resources=ENVIRONMENT,
    remedy="Pin every line of requirements.txt with ==, below a --constraint line for this Airflow version.",
    required=True,
)
def requirements_are_pinned(environment: Resource, criterion: Criterion) -> None:
    """requirements.txt pins every package, under the constraints of the environment's own Airflow version.

    An unpinned package can change between two restarts; one outside the constraints can replace a part of Airflow
    itself.
    """
    text = _requirements(environment)
    if text is None:
        raise criterion.undetermined("the text of requirements.txt is not in the configuration")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    loose = [line for line in lines if not line.startswith("-") and not re.search(r"==|@ \S+", line)]
    criterion.exclude(loose, expected="pinned with ==", observed="{} not pinned")
    version = environment.text("airflow_version") or ""
    constraints = [line for line in lines if line.startswith(("--constraint", "-c ")) and version in line]
    criterion.hold(bool(constraints), expected=f"--constraint for {version}", observed="no such line")


@policy(
    "PG_PIPE_6",
    criterion="mwaa-parallelism",
    resources=ENVIRONMENT,
    remedy='Set "core.parallelism" in airflow_configuration_options.',
    required=True,
)
def airflow_runs_the_agreed_number_of_tasks(environment: Resource, criterion: Criterion) -> None:
    """Airflow runs at most the agreed number of tasks at a time.

    Each of them may open a database connection. MWAA allows hundreds unless a setting says otherwise.
    """
    options = environment.mapping("airflow_configuration_options")
    _require_count(parallelism(options), criterion)


@policy(
    "PG_PIPE_7",
    criterion="mwaa-dag-concurrency",
    resources=ENVIRONMENT,
    remedy='Set "core.max_active_tasks_per_dag" in airflow_configuration_options.',
    required=True,
)
def one_dag_leaves_room_for_others(environment: Resource, criterion: Criterion) -> None:
    """Airflow runs at most the agreed number of tasks of one DAG at a time.

    MWAA allows hundreds unless a setting says otherwise. Airflow 2 still reads the older name core.dag_concurrency;
    Airflow 3 ignores it.
    """
    version = environment.text("airflow_version") or ""
    options = environment.mapping("airflow_configuration_options")
    _require_count(dag_concurrency(options, version), criterion)


@policy(
    "PG_PIPE_8",
    criterion="mwaa-settings-known-to-version",
    resources=ENVIRONMENT,
    population=0,
)
def settings_are_known_to_airflow(environment: Resource, criterion: Criterion) -> None:
    """Every setting has a name that the environment's Airflow version reads.

    Airflow silently ignores an unknown name: the value looks set, and the default applies.
    """
    version = environment.text("airflow_version") or ""
    if not settings(version_of(environment)[0]):
        raise criterion.undetermined(f"the settings of Airflow {version} are not known here")
    # The provider marks all settings as sensitive, so that a message hides the observed value; a name is no secret.
    wrong = list(setting_mistakes(environment.mapping("airflow_configuration_options"), version))
    for one in wrong or ("none other",):
        criterion.hold(not wrong, expected=f"known settings ({one})", observed="others")


def _require_count(stated: str | None, criterion: Criterion) -> None:
    criterion.hold(stated is not None, expected="a setting", observed="none, so that MWAA decides", premise=True)
    if stated is not None:
        criterion.require(Quantity.of(stated))


def _requirements(environment: Resource) -> str | None:
    """Return the text of the declared object at requirements_s3_path; None when it is not in the configuration."""
    buckets = environment.related("source_bucket_arn", "aws_s3_bucket")
    for found in environment.configuration.of("aws_s3_object"):
        named = found.text("key") == environment.text("requirements_s3_path") and found.has("content")
        if named and set(found.related("bucket", "aws_s3_bucket")) & set(buckets):
            return found.text("content")
    return None


# ── Runs that failed for good: they are kept, noticed and reported

QUEUE = "aws_sqs_queue"


@policy(
    "PG_PIPE_9",
    criterion="dead-letter-queue",
    resources=ENVIRONMENT,
    remedy="Declare a dead-letter queue, and allow the execution role sqs:SendMessage to it.",
    required=True,
)
def airflow_can_leave_dead_letters(environment: Resource, criterion: Criterion) -> None:
    """The execution role of an Airflow environment may send to a dead-letter queue.

    A failure callback without that right fails while it handles a failure, where nobody looks.
    """
    queues = dead_letter_queues(environment.configuration)
    criterion.hold(bool(queues), expected="a dead-letter queue", observed="none", premise=True)
    reachable = [one for one in _list_reached(environment, "sqs:SendMessage", QUEUE) if one in queues]
    criterion.hold(bool(reachable), expected="the role may send to it", observed="it may not")


@policy(
    "PG_PIPE_10",
    criterion="dead-letter-retention",
    resources=(QUEUE,),
    remedy="Raise message_retention_seconds on the dead-letter queue to the agreed time.",
    population=0,
)
def dead_letters_are_kept(queue: Resource, criterion: Criterion) -> None:
    """Dead-letter queues keep their messages for the agreed time.

    The default is 4 days from when the message was first sent: Friday's failure is gone on Tuesday.
    """
    if queue not in dead_letter_queues(queue.configuration):
        raise criterion.not_applicable("takes no dead letters")
    criterion.require(Quantity.days(queue.number("message_retention_seconds", 345600) / 86400))


@policy(
    "PG_PIPE_11",
    criterion="alarm-dead-letter-queue",
    resources=(QUEUE,),
    population=0,
)
def the_first_dead_letter_is_noticed(queue: Resource, criterion: Criterion) -> None:
    """An alarm fires on the first message in a dead-letter queue.

    An unwatched dead-letter queue only loses data more slowly.
    """
    if queue not in dead_letter_queues(queue.configuration):
        raise criterion.not_applicable("takes no dead letters")
    found = alarms_on(queue, "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    first = [one for one in found if one.names(QueueName=queue) and _fires_on_one(one.alarm)]
    point_at_nearest(queue, "QueueName", "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    criterion.hold(bool(first), expected="an alarm above 0 messages", observed="none")


@policy(
    "PG_PIPE_12",
    criterion="dag-failure-topic",
    resources=ENVIRONMENT,
    remedy="Declare a topic with a subscriber, and allow the execution role sns:Publish to it.",
    required=True,
)
def airflow_can_tell_of_failures(environment: Resource, criterion: Criterion) -> None:
    """The execution role of an Airflow environment may publish to a topic that has a subscriber.

    A DAG knows the failed task and the reason; an alarm on a metric knows only that something failed.
    """
    topics = _list_reached(environment, "sns:Publish", TOPIC)
    criterion.hold(bool(topics), expected="a topic the role may publish to", observed="none", premise=True)
    criterion.hold(any(map(has_subscriber, topics)), expected="a subscriber", observed="none")


@policy(
    "PG_PIPE_13",
    criterion="dead-letter-queue",
    resources=(QUEUE,),
    remedy="Set redrive_policy with the ARN of a dead-letter queue and a maxReceiveCount.",
    population=0,
)
def what_keeps_failing_leaves_the_queue(queue: Resource, criterion: Criterion) -> None:
    """A queue that Airflow processes moves messages that keep failing to a dead-letter queue.

    Otherwise an item that breaks its task comes back again and again, until SQS deletes it unseen.
    """
    if not queue.identities & queue.configuration.once(_find_queues_worked_through):
        raise criterion.not_applicable("Airflow takes nothing from it")
    apart = queue.configuration.naming(queue, "queue_url", "aws_sqs_queue_redrive_policy")
    handed = bool(apart) or not is_unset(queue, "redrive_policy")
    criterion.hold(handed, expected="a redrive_policy", observed="none")


@policy(
    "PG_PIPE_14",
    criterion="targets-keep-failures",
    resources=("aws_cloudwatch_event_target", "aws_scheduler_schedule"),
    remedy="Add a dead_letter_config with the ARN of a queue.",
    population=0,
)
def what_a_target_refuses_is_kept(source: Resource, criterion: Criterion) -> None:
    """Rules and schedules leave what their target did not take in a dead-letter queue. Unset, it is dropped."""
    blocks = source.blocks("target") if source.type == "aws_scheduler_schedule" else (source,)
    kept = any(one.blocks("dead_letter_config") for one in blocks)
    criterion.hold(kept, expected="dead_letter_config", observed="none")


# ── What services send to queues and topics: a refused message is dropped in silence

EVENTS, STORAGE, TOPICS = "events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"
#: What sends -> the arguments that name where to, who sends, and on whose behalf: the argument and type of the source.
SENDERS = {
    "aws_cloudwatch_event_target": (("arn", "dead_letter_config.arn"), EVENTS, "rule", "aws_cloudwatch_event_rule"),
    "aws_sns_topic_subscription": (("endpoint",), TOPICS, "topic_arn", TOPIC),
}


@policy(
    "PG_PIPE_15",
    criterion="senders-admitted",
    resources=(QUEUE, TOPIC),
    population=0,
)
def what_sends_is_let_in(target: Resource, criterion: Criterion) -> None:
    """The policy and the key of each queue and topic let in the services that send to it.

    Those are rules of EventBridge, topics, and buckets that tell of their objects. Unset, a policy lets in none of
    them, and the key alias/aws/sqs can't be opened to them. A rule's target with a role of its own is left out: it
    sends as that role.
    """
    sent = [*_list_senders(target), *_list_buckets(target)]
    if not sent:
        raise criterion.not_applicable("no service is told to send to it")
    for service in dict.fromkeys(name for name, _ in sent):
        sources = [source for name, source in sent if name == service]
        said, key = f"{service} may not", f"{service} may not use the key"
        criterion.hold(_lets_in(target, service, sources), expected="its senders may send", observed=said, aspect=said)
        criterion.hold(key_opens(target, criterion, service), expected="its senders may send", observed=key, aspect=key)


def _list_senders(target: Resource) -> Iterator[tuple[str, str]]:
    """Yield each service that sends to a queue or topic, with the name of the rule or topic it does so for."""
    for kind, (paths, service, argument, type_) in SENDERS.items():
        for sender in (one for path in paths for one in target.configuration.naming(target, path, kind)):
            if "role_arn" not in sender.search() or is_unset(sender, "role_arn"):
                sources = [one.known("name") for one in sender.related(argument, type_)] or [sender.known(argument)]
                yield from ((service, str(source or "")) for source in sources)


def _list_buckets(target: Resource) -> Iterator[tuple[str, str]]:
    """Yield the service and the bucket of each notification of a bucket to a queue or topic."""
    block, argument = ("queue", "queue_arn") if target.type == QUEUE else ("topic", "topic_arn")
    for notification in target.configuration.of("aws_s3_bucket_notification"):
        named = [one.known(argument) for one in notification.blocks(block)]
        meant = target.configured_as in notification.references.get(block, ())
        if target.identities & {*named} or (None in named and meant):
            yield STORAGE, str(notification.known("bucket") or "")


def _lets_in(target: Resource, service: str, sources: list[str]) -> bool:
    """Whether the policy lets a service send for each source; a source whose name is not known meets any condition."""
    queue = target.type == QUEUE
    path, kind = ("queue_url", "aws_sqs_queue_policy") if queue else ("arn", "aws_sns_topic_policy")
    holders = target.configuration.naming(target, path, kind) or (() if is_unset(target, "policy") else (target,))
    stated = [one for holder in holders for one in holder.statements("policy")]
    wanted = "sqs:SendMessage" if queue else "sns:Publish"
    to_it = [
        one for one in stated if one.covers(wanted) and any(_is_for(each.name, service) for each in one.principals)
    ]
    patterns = [one.pinned("aws:SourceArn") or ("*",) for one in to_it if one.allows and serves(one, target)]
    if not queue and service == EVENTS and patterns and all(one.conditions for one in to_it if one.allows):
        raise Unresolved(
            target.address, "lets EventBridge in under a condition only, of which AWS says that it may not be met"
        )
    names = [[each.rpartition(":")[2].rpartition("/")[2] for each in one] for one in patterns]
    denied = any(not one.allows and not one.conditions for one in to_it)
    return not denied and all(any(_is_named(source, each) for each in names) for source in sources)


def _is_for(principal: str, service: str) -> bool:
    return principal in (service, "*")


def _is_named(source: str, patterns: list[str]) -> bool:
    name = source.rpartition(":")[2].rpartition("/")[2]
    return not name or any(fnmatchcase(name, each) for each in patterns)


def dead_letter_queues(configuration: Configuration) -> tuple[Resource, ...]:
    """Return the queues that receive messages which another queue or function could not process."""
    return configuration.once(_find_dead_letter_queues)


def _find_dead_letter_queues(configuration: Configuration) -> tuple[Resource, ...]:
    return configuration.identified(set(_dead_letter_targets(configuration)), QUEUE)


def _dead_letter_targets(configuration: Configuration) -> Iterator[str]:
    for holder in configuration.of(QUEUE, "aws_sqs_queue_redrive_policy", "aws_sns_topic_subscription"):
        if not is_unset(holder, "redrive_policy"):
            yield str((holder.json("redrive_policy") or {}).get("deadLetterTargetArn"))
    for holder in configuration.of("aws_lambda_function", "aws_cloudwatch_event_target", "aws_scheduler_schedule"):
        name = "target_arn" if holder.type == "aws_lambda_function" else "arn"
        places = holder.blocks("target") if holder.type == "aws_scheduler_schedule" else (holder,)
        yield from (one.text(name) or "" for place in places for one in place.blocks("dead_letter_config"))


def _find_queues_worked_through(configuration: Configuration) -> frozenset[str]:
    """Return the names of the queues that some Airflow environment may receive messages from."""
    environments = configuration.of(*ENVIRONMENT)
    taken = [queue for each in environments for queue in _list_reached(each, "sqs:ReceiveMessage", QUEUE)]
    return frozenset(name for queue in taken for name in queue.identities)


def _list_reached(environment: Resource, action: str, type_: str) -> list[Resource]:
    roles = environment.related("execution_role_arn", "aws_iam_role")
    return [target for role in roles for target in find_reached(role, action, type_)]


def _fires_on_one(alarm: Resource) -> bool:
    threshold, inclusive = alarm.number("threshold"), "OrEqual" in (alarm.text("comparison_operator") or "")
    return fires_above(alarm) and (threshold <= 1 if inclusive else threshold < 1)
