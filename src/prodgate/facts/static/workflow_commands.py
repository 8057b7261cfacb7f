"""What a command or an action does in a deploy: judge, plan, back up, migrate, shift traffic, watch, roll back …"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

#: What changes a running system, and waits for a person.
APPLY, MIGRATE, SHIFT, PUBLISH, RUN = "apply", "migrate", "shift", "publish", "run"
CHANGES: Final = (APPLY, MIGRATE, SHIFT, PUBLISH, RUN)
#: Copies DAGs, which needs nobody.
DAGS: Final = "DAGs"
#: The gate with all its layers; a moment of it; other tests of what runs.
JUDGE, JUDGE_BEFORE, JUDGE_AFTER, TEST, DAG_TEST = "judge", "judge before", "judge after", "test", "DAG test"
PLAN, BACKUP, SNAPSHOT, BACKUP_WAIT = "plan", "backup", "snapshot", "wait for the snapshot"
WATCH, ROLLBACK, SCAN = "watch", "roll back", "scan"
#: Signs the run of the gate; verifies that somebody did, for the commit of the workflow and all layers.
SIGN, VERIFY = "sign", "verify the run"
#: Can't be seen through: whatever else it does, it may do any of these.
OPAQUE: Final = "opaque"

#: Characters of a command that are looked at.
_LONGEST: Final = 4096
#: Tox that runs what it is given: neither a command that only tells something, nor other settings than the file's.
_TOX: Final = (
    r"^tox\b(?!\s+(?:c|config|l|list|d|devenv|de|depends|q|quickstart|e|exec|schema|man)\b)"
    r"(?!.*\s(?:--notest|--listenvs|-l|--showconfig|--help|-h|--version|--override|-x|--skip-env)\b).*\s-e\s*\S*"
)
#: Environments of tox that do by their names no more than look, the gate's own among them.
_TRANSPARENT_TOX: Final = (
    r"(?:lint|format|types?|mypy|docs?|coverage|py\d*|pypy\d*|static|unit|load|dags|faults|e2e|prod-gate|pre-deploy"
    r"|post-deploy|deploy-watch|nightly|sign|verify-run|export-run|dist|site)\b"
)
#: All layers and moments of the gate, rather than some, or none.
_WHOLE: Final = r"(?!.*\s(?:--(?:only|moment|help)|-h)\b)"
_TF: Final = r"^(?:terraform|tofu|terragrunt)\s+(?:run-all\s+|run\s+(?:--all\s+)?(?:--\s+)?|-\S+\s+)*"
_DAG_FILES: Final = r"(?:^|[\s/\"'])dags?\b"
_MIGRATIONS: Final = (
    r"^alembic\s.*\bupgrade\b|^flask\s+db\s+upgrade\b|^flyway\s.*\bmigrate\b|^liquibase\s.*\bupdate\b|^sqitch\s+deploy\b"
    r"|(?:^|[\s/])manage\.py\s+migrate\b|^django-admin\s+migrate\b|(?:^|[\s/])(?:rails|rake)\s+db:(?:migrate|prepare)\b"
    r"|\bprisma\s+(?:migrate\s+deploy|db\s+push)\b|\bsqlx\s+(?:migrate\s+run|database\s+setup)\b"
    r"|\bdiesel\s+migration\s+run\b|\bsea-orm-cli\s+migrate\b|^dbmate\s.*\b(?:up|migrate)\b|^goose\s.*\bup\b"
    r"|^migrate\s.*\bup\b|\bknex\s+migrate:|\bsequelize(?:-cli)?\s+db:migrate\b|\btypeorm\b.*\bmigration:run\b"
    r"|\bdrizzle-kit\s+(?:migrate|push)\b|^atlas\s+(?:migrate|schema)\s+apply\b|\becto\.migrate\b|\bartisan\s+migrate\b"
    r"|\bdoctrine:migrations:migrate\b|^dotnet\s+ef\s+database\s+update\b|^yoyo\s+apply\b|\bnode-pg-migrate\s+up\b"
    r"|^pgroll\s+(?:start|migrate)\b|^supabase\s+db\s+push\b|^hasura\s+migrate\s+apply\b"
    r"|^(?:psql|mysql|aws\s+(?:ecs\s+run-task|lambda\s+invoke)|kubectl\s+(?:apply|create|exec|run))\s.*(?i:migrat)"
    r"|^(?:docker|docker-compose|kubectl|heroku|fly|flyctl)\s.*\s(?:alembic\s+upgrade|flyway\s+migrate|sqlx\s+migrate"
    r"|rails\s+db:migrate|rake\s+db:migrate|flask\s+db\s+upgrade|liquibase\s+update|dbmate\s+(?:up|migrate))\b"
)
#: Kind -> the commands that are of it, at their beginning unless said otherwise.
_COMMANDS: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        JUDGE: rf"(?:{_TOX}\b(?:prod-gate|nightly)\b|^prodgate\s+run\b){_WHOLE}",
        JUDGE_BEFORE: rf"{_TOX}\bpre-deploy\b|^prodgate\s+run\s.*--moment[ =]before\b",
        JUDGE_AFTER: rf"(?:{_TOX}\b(?:post-deploy|prod-gate)\b|^prodgate\s+run\b)"
        r"(?!.*\s(?:--only|--moment[ =](?:before|during))\b).*(?:aws://|\$)",
        DAG_TEST: r"^(?:tox(?!.*\s--notest\b)|pytest|prodgate)\b.*\bdags?\b|^airflow\s+dags\s+test\b",
        TEST: rf"{_TOX}\be2e\b|^prodgate\s+run\s.*--only\b|\bplaywright\s+test\b|\bcypress\s+run\b|^newman\s+run\b"
        r"|^k6\s+run\b|^locust\b|^curl\s+(?!.*\s(?:-\w*[oO]|--output|--remote-name|>)\s?(?!\s*/dev/null))(?:.*\s)?(?:-[A-Za-z]*f|--fail)|^pytest\s.*(?:e2e|smoke|acceptance)"
        r"|^aws\s+synthetics\s+start-canary\b",
        PLAN: rf"{_TF}plan\b",
        APPLY: rf"{_TF}(?:apply|destroy)\b(?!.*\s-refresh-only)|^kubectl\s+apply\b|^aws\s+cloudformation\s+"
        r"(?:deploy|create-stack|update-stack|execute-change-set)\b|^(?:cdk|sam|serverless|sls|pulumi)\s+(?:deploy|up)\b",
        MIGRATE: _MIGRATIONS,
        BACKUP: r"\b(?:pg_dump|pg_dumpall|pg_basebackup|mysqldump|mongodump)\b|^heroku\s+pg:backups:capture\b"
        r"|^gcloud\s+sql\s+backups\s+create\b|^aws\s+dynamodb\s+create-backup\b",
        SNAPSHOT: r"^aws\s+(?:rds|docdb|neptune)\s+create-db-(?:cluster-)?snapshot\b"
        r"|^aws\s+backup\s+start-backup-job\b",
        BACKUP_WAIT: r"^aws\s+(?:rds|docdb|neptune)\s+(?:wait\s+db-(?:cluster-)?snapshot-(?:available|completed)"
        r"|describe-db-(?:cluster-)?snapshots)\b|^aws\s+backup\s+describe-backup-job\b",
        SHIFT: r"^aws\s+(?:deploy\s+(?:create-deployment|push)|ecs\s+(?:update-service|deploy|create-task-set"
        r"|update-service-primary-task-set)|lambda\s+update-\S+|mwaa\s+update-environment"
        r"|elbv2\s+modify-(?:listener|rule)|elasticbeanstalk\s+update-environment|apprunner\s+start-deployment)\b"
        r"|^(?:ecs-deploy|copilot\s.*deploy|eb\s+deploy|fly(?:ctl)?\s+deploy|gcloud\s+run\s+deploy)\b"
        r"|^kubectl\s+(?:set\s+image|rollout\s+restart|patch)\b|^helm\s+(?:upgrade|install)\b",
        RUN: r"^aws\s+ecs\s+run-task\b",
        PUBLISH: r"^aws\s+(?:s3\s+rm|s3api\s+put-object|cloudfront\s+(?:create-invalidation|update-distribution))\b"
        r"|^aws\s+s3\s+(?:sync|cp|mv)\s.*(?<!\S)[\"']?s3://\S*(?:\s+-.*|\s+[>2|].*)?$",
        DAGS: rf"^aws\s+s3\s+(?:sync|cp)\s.*{_DAG_FILES}",
        WATCH: rf"{_TOX}\bdeploy-watch\b|^prodgate\s+watch\s+deploy\b|^aws\s+deploy\s+wait\s+deployment-successful\b"
        r"|^aws\s+ecs\s+(?:wait\s+services-stable|deploy)\b|^kubectl\s+rollout\s+status\b|^copilot\s.*deploy\b"
        r"|^helm\s.*\s--(?:wait|atomic|rollback-on-failure)\b|^aws\s+lambda\s+wait\s|^eb\s+deploy\b|^ecs-deploy\b",
        ROLLBACK: r"^aws\s+deploy\s+stop-deployment\s.*--auto-rollback-enabled\b|^helm\s+rollback\b"
        r"|^aws\s+ecs\s+stop-service-deployment\s.*ROLLBACK|^kubectl\s+rollout\s+undo\b|^copilot\s.*rollback\b"
        r"|^helm\s.*\s--(?:atomic|rollback-on-failure)\b|^aws\s+deploy\s+create-deployment\s.*"
        r"--auto-rollback-configuration\s+\S*enabled=true",
        SCAN: rf"^(?:trivy|grype|osv-scanner|pip-audit|semgrep|checkov|npm\s+audit|cargo\s+(?:audit|deny))\b"
        rf"|^prodgate\s+run\b|{_TOX}(?:prod-gate|nightly|scan|audit)\b",
        SIGN: rf"{_TOX}\bsign\b|^prodgate\s+seal\s",
        VERIFY: rf"(?:{_TOX}\bverify-run\b|^prodgate\s+verify\s)(?!.*\s--unsigned\b)(?=.*\s--(?:key|criteria)\b)"
        r"(?=.*\s--whole\b)(?=.*\s--commit[ =][\"']?\$\{?\{?\s*(?:GITHUB_SHA|github\.sha)\b)",
        OPAQUE: rf"{_TOX}(?<![\w-])(?!{_TRANSPARENT_TOX})[a-z]"
        r"|^tox\s+(?:e|exec)\s|^(?:make|just|task|mage|nx|turbo|nox|invoke|fab|ansible-playbook|ssh|eval|act|earthly|dagger)\s"
        r"|^(?:npm|pnpm|yarn|bun)\s+(?!ci\b|i\b|install\b|add\b|audit\b|config\b|cache\b|version\b)\S"
        r"|^(?:\./|\.\./|/)?[\w.-]*/\S+|^(?:bash|sh|zsh|node|deno|ruby|perl|php|python[\d.]*)\s+(?!-[VhvIm]|--version)\S"
        r"|^docker(?:-compose)?\s+(?:compose\s.*)?(?:run|exec)\s|^[\"']?\$(?!\{\{env\.|\(…\)$)(?!.*\s(?:[=!]=|=~|-(?:eq|ne|gt|lt))\s)|^(?:source|\.)\s+(?!\S*activate)",
    }.items()
}
#: Kind -> the actions that are of it; for all of ``actions/`` and the like, what they do is known to be none of these.
_ACTIONS: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        SHIFT: r"aws-actions/amazon-ecs-deploy|appleboy/ssh-action|azure/k8s-deploy|einaregilsson/beanstalk-deploy",
        APPLY: r"aws-actions/aws-cloudformation-github-deploy|dflook/(?:terraform|tofu)-apply|pulumi/actions",
        PLAN: r"dflook/(?:terraform|tofu)-plan",
        SCAN: r"aquasecurity/trivy|github/codeql|bridgecrewio/checkov",
    }.items()
}
_HARMLESS: Final = re.compile(
    r"(?:actions|github|docker|pypa|(?:hashicorp|opentofu)/setup-\w+|astral-sh|pnpm|oven-sh|dtolnay|Swatinem|snok|ruby|shivammathur"
    r"|codecov|sonarsource|slackapi|8398a7|rtCamp|peter-evans/create-[\w-]*|step-security|tj-actions|dorny"
    r"|google-github-actions/(?:auth|setup-gcloud|get-[\w-]+)"
    r"|terraform-linters|bridgecrewio|aquasecurity|anchore|trufflesecurity|gitleaks|infracost|marocchino|softprops"
    r"|aws-actions/(?:configure-aws-credentials|amazon-ecr-login|amazon-ecs-render-task-definition|setup-sam"
    r"|aws-secretsmanager-get-secrets)|azure/(?:login|setup-\w+)|gradle/\S*(?:setup|wrapper-validation))(?:/|@)",
    re.IGNORECASE,
)


def list_kinds(command: str) -> Iterator[str]:
    """Yield what one command does; a command that is known can be seen through."""
    command = command[:_LONGEST]
    known = [kind for kind, pattern in _COMMANDS.items() if kind != OPAQUE and pattern.search(command)]
    if MIGRATE in known:
        known = [kind for kind in known if kind not in (RUN, SHIFT)]
    if DAGS in known:
        known = [kind for kind in known if kind != PUBLISH]
    yield from known
    if not known and _COMMANDS[OPAQUE].search(command):
        yield OPAQUE


def list_kinds_of_action(uses: str, inputs: Mapping[str, str]) -> Iterator[str]:
    """Yield what an action does that has no steps to read. One of which nothing is known can't be seen through."""
    known = [kind for kind, pattern in _ACTIONS.items() if pattern.match(uses)]
    yield from known
    if SHIFT in known and inputs.get("wait-for-service-stability") == "true":
        yield WATCH
    if not known and not _HARMLESS.match(uses):
        yield OPAQUE


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
