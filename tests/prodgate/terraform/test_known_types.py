"""A policy is about types that somebody can declare."""

import pytest

from prodgate.terraform.policy import policy


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (("aws_sqs_queues",), "S_1: there is no resource type 'aws_sqs_queues'; did you mean 'aws_sqs_queue'?"),
        (("sqs_queue",), "did you mean 'aws_sqs_queue'?"),
        (("AWS_SQS_QUEUE",), "did you mean 'aws_sqs_queue'?"),
        (("data.aws_sqs_queue",), "did you mean 'aws_sqs_queue'?"),
        (("aws_sqs_queue", "aws_sqs_queue "), "did you mean 'aws_sqs_queue'?"),
        (("aws_zzzqqq",), "write one that the provider has"),
        ("aws_sqs_queue", "is no tuple"),
        (["aws_sqs_queue"], "is no tuple"),
        (("",), "is no resource type"),
        ((None,), "is no resource type"),
    ],
)
def test_a_type_that_nobody_can_declare_is_refused(resources: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        policy("S_1", criterion="c", resources=resources, population=0)  # type: ignore[arg-type]

    assert said in str(refused.value)


@pytest.mark.parametrize("population", [-1, "0", True, None, 0.5])
def test_a_population_is_a_number(population: object) -> None:
    with pytest.raises(TypeError, match="which is no number of resources; write 0 or more"):
        policy("S_1", criterion="c", resources=(), population=population)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["datadog_monitor", "github_repository", "awscc_sqs_queue", "null_resource"])
def test_types_of_other_providers_are_believed(kind: str) -> None:
    policy("S_1", criterion="c", resources=(kind,), population=0)
