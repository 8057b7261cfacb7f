"""What commands of deploys do, as their own documentation writes them."""

from __future__ import annotations

import pytest

from prodgate.facts.static.shell_commands import read_commands
from prodgate.facts.static.workflow_commands import list_kinds, list_kinds_of_action

KINDS = [
    ("tox -e prod-gate", {"judge", "scan"}),
    ("tox -e prod-gate -- aws://prod@ap-northeast-1", {"judge", "judge after", "scan"}),
    ("tox -e lint,types", set()),
    ("tox -e py313 -- tests", set()),
    ("tox -e export-run -- runs/* --format sarif", set()),
    ("tox -e release", {"opaque"}),
    ("tox -e lint,release", {"opaque"}),
    ("tox -e post-deploy -- aws://prod", {"judge after"}),
    ("tox -e post-deploy", set()),  # a rehearsal
    ("tox -e pre-deploy -- $TARGET", {"judge before"}),
    ("prodgate run --moment after aws://prod", {"judge after", "scan"}),
    ("prodgate run --moment during aws://prod", {"scan"}),
    ("tox -e prod-gate --notest", set()),
    ("tox config -e prod-gate", set()),
    ("tox list -e prod-gate", set()),
    ("tox exec -e prod-gate -- python x.py", {"opaque"}),
    ("tox run -e prod-gate", {"judge", "scan"}),
    ("tox -e prod-gate --showconfig", set()),
    ("tox -e prod-gate -x testenv:prod-gate.ignore_outcome=true", set()),
    ("tox -e prod-gate -- --help", set()),
    ("prodgate run --help", {"scan"}),
    ("prodgate run aws://prod --only static", {"test", "scan"}),
    ("tox -e deploy-watch -- --latest aws://prod", {"watch"}),
    ("prodgate watch deploy --latest --cluster c --service s aws://prod", {"watch"}),
    ("terraform -chdir=prod plan -out=x", {"plan"}),
    ("terraform -chdir=prod apply x", {"apply"}),
    ("terragrunt run-all apply", {"apply"}),
    ("terraform apply -refresh-only", set()),
    ("terraform validate", set()),
    ("cdk deploy --all", {"apply"}),
    ("aws cloudformation deploy --stack-name x", {"apply"}),
    ("aws rds create-db-cluster-snapshot --db-cluster-identifier x", {"snapshot"}),
    ("aws rds wait db-snapshot-completed --db-snapshot-identifier x", {"wait for the snapshot"}),
    ("pg_dump -Fc -f x", {"backup"}),
    ("docker compose exec -T db pg_dump app", {"backup"}),
    ("alembic -c x.ini upgrade head", {"migrate"}),
    ("python manage.py migrate --noinput", {"migrate"}),
    ("bundle exec rails db:migrate", {"migrate"}),
    ("bin/rails db:migrate", {"migrate"}),
    ("npx prisma migrate deploy", {"migrate"}),
    ("prisma migrate dev", set()),
    ("sqlx migrate run", {"migrate"}),
    ("flyway -url=x migrate", {"migrate"}),
    ("liquibase --changelog-file=x update", {"migrate"}),
    ("docker run --rm app alembic upgrade head", {"migrate"}),
    ("aws ecs run-task --task-definition app-migration", {"migrate"}),
    ("aws ecs run-task --task-definition app", {"run"}),
    ("aws ecs update-service --service x", {"shift"}),
    ("aws ecs deploy --service x", {"shift", "watch"}),
    ("aws ecs describe-services --services x", set()),
    ("aws deploy create-deployment --cli-input-json x", {"shift"}),
    ("aws deploy create-deployment --auto-rollback-configuration enabled=true", {"shift", "roll back"}),
    ("aws deploy stop-deployment --deployment-id x --auto-rollback-enabled", {"roll back"}),
    ("aws deploy stop-deployment --deployment-id x", set()),
    ("aws deploy wait deployment-successful --deployment-id x", {"watch"}),
    ("aws ecs wait services-stable --services x", {"watch"}),
    ("helm upgrade --install --atomic x .", {"shift", "watch", "roll back"}),
    ("kubectl rollout undo deployment/x", {"roll back"}),
    ("aws s3 sync site/ s3://b --delete", {"publish"}),
    ("aws s3 cp s3://b/x .", set()),
    ("aws s3 sync dags/ s3://b/dags/", {"DAGs"}),
    ("aws s3 rm s3://b/x", {"publish"}),
    ("curl -fsS https://www.example.com/", {"test"}),
    ("curl -fsSL -o tool https://www.example.com/tool", set()),
    ("curl https://www.example.com/", set()),
    ("npx playwright test", {"test"}),
    ("pytest tests/e2e", {"test"}),
    ("pytest tests/unit", set()),
    ("pytest tests/dags", {"DAG test"}),
    ("make deploy", {"opaque"}),
    ("npm run deploy", {"opaque"}),
    ("npm ci", set()),
    ("./deploy.sh", {"opaque"}),
    ("bash deploy.sh", {"opaque"}),
    ("python deploy.py", {"opaque"}),
    ("python --version", set()),
    ("sh -c 'terraform apply'", {"opaque"}),
    ("$DEPLOY now", {"opaque"}),
    ('"$SERVICE" == "all" ]]', set()),
    ("source .venv/bin/activate", set()),
    ("docker build -t x .", set()),
    ("docker run x", {"opaque"}),
    ("echo terraform apply", set()),
    ("git push", set()),
]


@pytest.mark.parametrize(("command", "kinds"), KINDS)
def test_what_a_command_does(command: str, kinds: set[str]) -> None:
    (found,) = read_commands(command)
    assert set(list_kinds(found.text)) == kinds


@pytest.mark.parametrize(
    ("uses", "inputs", "kinds"),
    [
        ("aws-actions/amazon-ecs-deploy-task-definition@v2", {}, {"shift"}),
        (
            "aws-actions/amazon-ecs-deploy-task-definition@v2",
            {"wait-for-service-stability": "true"},
            {"shift", "watch"},
        ),
        ("aws-actions/configure-aws-credentials@v5", {}, set()),
        ("actions/checkout@v5", {}, set()),
        ("hashicorp/setup-terraform@v3", {}, set()),
        ("dflook/terraform-apply@v2", {}, {"apply"}),
        ("someone/deploys@v1", {}, {"opaque"}),
        ("peter-evans/repository-dispatch@v3", {}, {"opaque"}),
        ("./.github/actions/in-javascript", {}, {"opaque"}),
        ("docker://tool:1", {}, {"opaque"}),
    ],
)
def test_what_an_action_does(uses: str, inputs: dict[str, str], kinds: set[str]) -> None:
    assert set(list_kinds_of_action(uses, inputs)) == kinds
