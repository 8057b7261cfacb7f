"""What the scripts of a workflow do: deploy, judge, test, scan."""

from __future__ import annotations

import re
from typing import Final

#: Commands that change a running system.
_DEPLOYS: Final = re.compile(
    r"\b(?:terraform|tofu)\s+(?:-\S+\s+)*(?:apply|destroy)\b"
    r"|\baws\s+(?:deploy\s+(?:create-deployment|push)|ecs\s+(?:update-service|run-task|deploy)"
    r"|s3\s+(?:sync|cp|mv|rm)|s3api\s+put-object|cloudformation\s+(?:deploy|create-stack|update-stack)"
    r"|lambda\s+update-\S+|mwaa\s+update-environment|cloudfront\s+(?:create-invalidation|update-distribution))\b"
    r"|\b(?:cdk|sam|serverless)\s+deploy\b|\bkubectl\s+(?:apply|set\s+image|rollout)\b|\bhelm\s+(?:upgrade|install)\b"
)
_DEPLOYING_ACTIONS: Final = re.compile(
    r"(?:aws-actions/(?:amazon-ecs-deploy|aws-cloudformation)|appleboy/ssh-action|azure/k8s-deploy)"
)
#: What may stand before a Python tool on its line: variables, and the programs that run one.
_START: Final = r"^[ \t]*(?:\w+=\S+[ \t]+)*(?:pipx[ \t]+run[ \t]+|uvx?[ \t]+(?:run[ \t]+)?|python3?[ \t]+-m[ \t]+)*"
GATE: Final = re.compile(
    _START + r"(?:tox\b[^\n|;&]*[ \t]-e[ \t]*\S*prod-gate\b|prodgate[ \t]+run\b)(?P<rest>.*)$", re.MULTILINE
)
DAG_TESTS: Final = re.compile(_START + r"(?:tox|pytest|prodgate)\b(?P<rest>.*\bdags?\b.*)$", re.MULTILINE)
_DAG_UPLOAD: Final = re.compile(r"\baws\s+s3\s+(?:sync|cp)\s+(?:[^\s;&|]+\s+)*\S*\bdags?\b")
_SCANS: Final = re.compile(
    r"\b(?:trivy|grype|osv-scanner|pip-audit|semgrep|checkov|cargo\s+(?:audit|deny)|npm\s+audit|prodgate\s+run)\b"
    r"|\btox\b.*-e\s*\S*(?:prod-gate|nightly|scan|audit)\b"
)
#: ``||`` and ``;`` after a command, or a pipe, hide its failure from the shell.
_HIDES_FAILURE: Final = re.compile(r"[|;]")


def deploys(script: str, action: str = "") -> bool:
    """Whether a script or an action changes a running system, by more than new DAGs."""
    other = [line for line in _lines(script) if not _DAG_UPLOAD.search(line)]
    return any(map(_DEPLOYS.search, other)) or bool(_DEPLOYING_ACTIONS.match(action))


def uploads_dags(script: str) -> bool:
    """Whether a script copies DAGs to a bucket."""
    return any(map(_DAG_UPLOAD.search, _lines(script)))


def scans(script: str, action: str = "") -> bool:
    """Whether a script or an action looks for known vulnerabilities or misconfiguration."""
    return bool(_SCANS.search(script) or re.match(r"(?:aquasecurity/trivy|github/codeql|bridgecrewio/checkov)", action))


def decides(script: str, command: re.Pattern[str]) -> bool:
    """Whether a script runs a command and fails with it."""
    found = command.search("\n".join(_lines(script)))
    return found is not None and not _HIDES_FAILURE.search(found["rest"])


def _lines(script: str) -> list[str]:
    return script.replace("\\\n", " ").splitlines()


def longest_pause(cron: str) -> int:
    """Return the most days between two runs of a cron expression: 1, 7, 31, or 366 when it names months.

    >>> longest_pause("17 18 * * *"), longest_pause("0 3 * * 1"), longest_pause("0 3 1 * *")
    (1, 7, 31)
    """
    fields = (cron.split() + ["*"] * 5)[:5]
    day, month, weekday = fields[2:]
    if month != "*":
        return 366
    if day not in ("*", "*/1"):
        return 31
    return 1 if weekday in ("*", "0-6", "1-7") else 7
