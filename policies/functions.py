"""Functions: what they run on, and what hands them work."""

from decimal import ROUND_DOWN, Decimal

from prodgate import Criterion, Quantity, Resource, policy

#: The date of the list below.
LISTED = "2026-12-02"
#: Runtimes of Lambda without support on that date -> when AWS's own table says that it ended.
ENDED = {
    "nodejs": "2016-08-30", "dotnetcore2.0": "2019-05-30", "dotnetcore1.0": "2019-06-27", "nodejs6.10": "2019-08-12",
    "nodejs4.3": "2020-03-05", "nodejs4.3-edge": "2020-03-05", "nodejs8.10": "2020-03-06", "python2.7": "2021-07-15",
    "nodejs10.x": "2021-07-30", "ruby2.5": "2021-07-30", "dotnetcore2.1": "2022-01-05", "python3.6": "2022-07-18",
    "nodejs12.x": "2023-03-31", "dotnetcore3.1": "2023-04-03", "nodejs14.x": "2023-12-04", "python3.7": "2023-12-04",
    "ruby2.7": "2023-12-07", "go1.x": "2024-01-08", "java8": "2024-01-08", "provided": "2024-01-08",
    "nodejs16.x": "2024-06-12", "python3.8": "2024-10-14", "dotnet6": "2024-12-20", "nodejs18.x": "2025-09-01",
    "python3.9": "2025-12-15", "ruby3.2": "2026-03-31", "nodejs20.x": "2026-04-30", "provided.al2": "2026-07-31",
    "python3.10": "2026-10-31", "dotnet8": "2026-11-10",
}  # fmt: skip


@policy(
    "PG_RUN_7",
    criterion="runtimes-supported",
    resources=("aws_lambda_function",),
    population=0,
    remedy="Choose a runtime that AWS supports, and test the function on it.",
)
def functions_run_on_supported_runtimes(function: Resource, criterion: Criterion) -> None:
    """No function runs on a runtime whose support had ended when the gate's list was made.

    Support that ends later is not known here. A function of a container image brings its own runtime.
    """
    if function.text("package_type", "Zip") == "Image":
        raise criterion.not_applicable("is a container image, which brings its own runtime")
    runtime = function.text("runtime") or ""
    observed = f"{runtime}, whose support ended on {ENDED.get(runtime)}"
    expected = f"a runtime that AWS supported on {LISTED}"
    criterion.hold(runtime not in ENDED, expected=expected, observed=observed, held=runtime)


@policy(
    "PG_RUN_8",
    criterion="queue-outlasts-its-consumer",
    resources=("aws_lambda_event_source_mapping",),
    population=0,
    remedy="Raise visibility_timeout_seconds of the queue to a multiple of the function's timeout.",
)
def queues_hide_messages_while_functions_run(mapping: Resource, criterion: Criterion) -> None:
    """A queue hides a message long enough for the function that takes it, after the batch window.

    Unset, the queue hides it for 30 seconds, and the function runs for 3.
    """
    queues = mapping.related("event_source_arn", "aws_sqs_queue")
    if not queues and ":sqs:" not in (mapping.text("event_source_arn") or ""):
        raise criterion.not_applicable("takes nothing from a queue")
    functions = [
        function
        for named in mapping.related("function_name", "aws_lambda_function", "aws_lambda_alias")
        for function in named.related("function_name", "aws_lambda_function") or (named,)
    ]
    if not (queues and functions):
        raise criterion.undetermined("its queue or its function is declared elsewhere")
    hidden = queues[0].number("visibility_timeout_seconds", 30)
    window = mapping.number("maximum_batching_window_in_seconds", 0)
    times = (hidden - window) / functions[0].number("timeout", 3)
    criterion.require(Quantity.of(times.quantize(Decimal("0.1"), ROUND_DOWN)))
