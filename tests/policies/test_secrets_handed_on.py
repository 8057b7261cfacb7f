"""What is sensitive and comes from where nobody can follow may be a credential."""

from pathlib import Path

from policies.secrets_handed_on import no_credential_is_handed_on

from prodgate import Configuration, Resource
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

CRITERIA = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria


def test_sensitive_value_of_unknown_origin_is_undetermined() -> None:
    policy = next(each for each in POLICIES.values() if each.judge is no_credential_is_handed_on)
    kind, secret = "aws_lambda_function", frozenset({"environment"})
    values = {"environment": [{"variables": {"PASSWORD": "hunter2"}}]}
    lost = Resource(address=f"{kind}.a", type=kind, name="a", values=values, references={}, sensitive=secret)

    (finding,) = apply(policy, Configuration(root="r", engine="e", resources=[lost]), CRITERIA[policy.criterion])

    assert finding.outcome is Outcome.UNDETERMINED
    assert "nothing says where it comes from" in finding.reason
