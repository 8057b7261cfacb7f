"""One compliant workflow, one change each: every check of suites/static/test_workflows.py seen red."""

import pytest
from suites.static import test_workflows

from prodgate.facts.static.workflow_files import observe_workflows
from tests.suites.static.workflow_judging import CHECKS, ROOT, red

COMPLIANT = {
    ".github/workflows/deploy.yml": """\
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: production
  cancel-in-progress: false
jobs:
  gate:
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - run: pipx run tox -e prod-gate -- aws://ap-northeast-1
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {name: run, path: runs/}
  sign:
    needs: gate
    permissions: {contents: read}
    steps:
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {name: run, path: runs/}
      - run: pipx run tox -e sign -- runs/*
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {name: signed, path: runs/}
  deploy:
    needs: sign
    environment: production
    permissions: {contents: read, id-token: write}
    steps:
      - uses: aws-actions/configure-aws-credentials@a03048d87541d1d9fcf2ecf528a4a65ba9bd7838
        with:
          role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {name: signed, path: runs/}
      - run: pipx run tox -e verify-run -- runs/* --key signer.pub --promotes --target aws://eu-west-1 --commit "$GITHUB_SHA"
      - run: aws s3 sync site/ "s3://$BUCKET"
""",
    ".github/workflows/dags.yml": """\
on:
  push:
    paths: [dags/**]
permissions: {}
concurrency: dags
jobs:
  test:
    steps:
      - run: pipx run tox -e dags
      - run: pipx run tox -e prod-gate -- aws://ap-northeast-1
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {path: runs/}
  copy:
    needs: test
    environment: production-dags
    steps:
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {path: runs/}
      - run: prodgate verify runs/* --key signer.pub --promotes --target aws://eu-west-1 --commit "$GITHUB_SHA"
      - run: aws s3 sync dags/ "s3://$BUCKET/dags/"
""",
    ".github/workflows/nightly.yml": """\
on:
  schedule:
    - cron: 0 18 * * *
permissions: {}
jobs:
  scan:
    steps:
      - run: pipx run tox -e prod-gate
""",
    ".github/workflows/pull.yml": """\
on: [pull_request]
permissions: {contents: read}
jobs:
  called:
    uses: ./.github/workflows/shared.yml
  lint:
    steps:
      - env: {TITLE: "${{ github.event.pull_request.title }}", PRODGATE_CACHE: "${{ 'vars' }}/${{ vars.e2e_reader }}"}
        # once vars.NAMED_NOWHERE, and PRODGATE_NOWHERE
        run: |
          # PRODGATE_OLD
          echo "$TITLE ${{ github.event.pull_request.number }}"
""",
}


def test_the_compliant_workflows_are_green() -> None:
    assert red(COMPLIANT) == {}


CHANGES = [
    ("deploy", "environment: production", "environment: staging", "test_a_workflow_deploys_to_production"),
    ("deploy", "environment: production", "environment: prodution", "test_a_deploy_names_a_stated_environment"),
    (
        "deploy",
        "    environment: production\n",
        "",
        "test_a_workflow_deploys_to_production test_a_deploy_waits_for_an_approval",
    ),
    ("deploy", "  cancel-in-progress: false", "  cancel-in-progress: true", "test_deploys_wait_for_one_another"),
    (
        "deploy",
        "concurrency:\n  group: production\n  cancel-in-progress: false\n",
        "",
        "test_deploys_wait_for_one_another",
    ),
    ("dags", "concurrency: dags\n", "", "test_deploys_wait_for_one_another"),
    ("pull", "permissions: {contents: read}\n", "", "test_jobs_hold_the_least_permissions"),
    ("pull", "permissions: {contents: read}", "permissions: write-all", "test_jobs_hold_the_least_permissions"),
    ("pull", "permissions: {contents: read}", "permissions: {contents: write}", "test_jobs_hold_the_least_permissions"),
    ("deploy", "{contents: read, id-token: write}", "write-all", "test_jobs_hold_the_least_permissions"),
    (
        "deploy",
        "role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}",
        "aws-access-key-id: ${{ vars.KEY_ID }}",
        "test_workflows_read_stated_variables test_steps_take_short_lived_credentials",
    ),
    (
        "deploy",
        "role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}",
        "aws-region: ap-northeast-1",
        "test_steps_take_short_lived_credentials",
    ),
    (
        "deploy",
        "aws s3",
        "AWS_SECRET_ACCESS_KEY=${{ secrets.AWS_SECRET_ACCESS_KEY }} aws s3",
        "test_workflows_read_stated_variables test_steps_take_short_lived_credentials",
    ),
    (
        "deploy",
        "permissions: {}\n",
        "permissions: {}\nenv: {KEY: '${{ secrets.PROD_ACCESS_KEY_ID }}'}\n",
        "test_workflows_read_stated_variables test_jobs_hand_out_no_stored_key",
    ),
    ("deploy", "vars.DEPLOY_ROLE_ARN", "vars['DEPLOI_ROLE_ARN']", "test_workflows_read_stated_variables"),
    *(
        ("deploy", "role-to-assume:", f"{said}\n          role-to-assume:", "test_workflows_read_stated_variables")
        for said in (
            "all: ${{ toJSON(vars) }}",
            "one: ${{ secrets[matrix.name] }}",
            "target: ${{ env.PRODGATE_TARGT }}",
            "PRODGATE_TARGT: aws://eu-west-1",
        )
    ),
    ("nightly", "- run:", "- env: {PRODGATE_TARGT: a}\n        run:", "test_workflows_read_stated_variables"),
    ("nightly", "- run:", "- if: vars.TARGTE != ''\n        run:", "test_workflows_read_stated_variables"),
    (
        "deploy",
        'aws s3 sync site/ "s3://$BUCKET"',
        "aws ecs update-service --service api",
        "test_each_component_is_deployed test_a_deploy_is_watched_to_its_end "
        "test_a_deploy_is_verified_once_it_has_ended test_what_fails_is_rolled_back_without_a_person",
    ),
    ("deploy", "checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "checkout@v5", "test_actions_are_pinned"),
    ("deploy", "checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "checkout@08c6903", "test_actions_are_pinned"),
    (
        "pull",
        "uses: ./.github/workflows/shared.yml",
        "uses: other/repo/.github/workflows/x.yml@main",
        "test_called_workflows_are_pinned",
    ),
    ("pull", 'echo "$TITLE', 'echo "${{ github.event.pull_request.title }}', "test_scripts_hold_no_text_of_strangers"),
    ("pull", 'echo "$TITLE', 'echo "${{ github.head_ref }}', "test_scripts_hold_no_text_of_strangers"),
    ("pull", 'echo "$TITLE', "echo \"${{ format('{0}', inputs.name) }}", "test_scripts_hold_no_text_of_strangers"),
    ("dags", "  push:\n    paths: [dags/**]\n", "  workflow_dispatch:\n", "test_dags_deploy_by_themselves"),
    ("nightly", "0 18 * * *", "0 18 1 * *", "test_scans_run_regularly"),
    ("nightly", "tox -e prod-gate", "tox -e docs", "test_scans_run_regularly"),
]


@pytest.mark.parametrize(("file", "old", "new", "check"), CHANGES)
def test_one_change_is_seen_by_its_check(file: str, old: str, new: str, check: str) -> None:
    path = f".github/workflows/{file}.yml"
    assert COMPLIANT[path].count(old) == 1
    found = red({**COMPLIANT, path: COMPLIANT[path].replace(old, new)})
    assert list(found) == check.split()
    assert all(subject.startswith(".github/workflows") for one in found.values() for subject in one)


FOREIGN = """\
on: pull_request_target
permissions: {}
jobs:
  build:
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
"""
REF = 'ref: "${{ github.event.pull_request.head.sha }}"'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (REF, REF),
        (REF, 'repository: "${{ github.event.pull_request.head.repo.full_name }}"'),
        (REF, 'ref: "refs/pull/${{ github.event.number }}/merge"'),
        ("pull_request_target", "issue_comment"),
        ("pull_request_target", "{workflow_run: {workflows: [gate]}}"),
        (f"        with: {{{REF}}}\n", "      - run: gh pr checkout ${{ github.event.number }}\n"),
        (f"        with: {{{REF}}}\n", "      - run: git fetch origin pull/${{ github.event.number }}/merge\n"),
    ],
)
def test_foreign_code_with_rights_is_seen(old: str, new: str) -> None:
    assert old in FOREIGN
    text = FOREIGN.replace(old, new)
    assert list(red({**COMPLIANT, ".github/workflows/x.yml": text})) == ["test_foreign_code_has_no_rights"]


def test_foreign_code_without_rights_and_own_code_with_them_are_no_flaw() -> None:
    for text in (FOREIGN.replace("pull_request_target", "pull_request"), FOREIGN.replace(f"{{{REF}}}", "{ref: main}")):
        assert red({**COMPLIANT, ".github/workflows/x.yml": text}) == {}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".github/actions/own/action.yml", "runs: {using: composite, steps: [{uses: %s}]}"),
        (".github/workflows/shared.yml", "on: workflow_call\npermissions: {}\njobs: {a: {steps: [{uses: %s}]}}\n"),
        (".github/actions/own/action.yml", "runs: {using: docker, image: 'docker://%s'}"),
    ],
    ids=["a local action", "a reusable workflow", "a container"],
)
def test_actions_are_pinned_wherever_they_are_used(file: str, text: str) -> None:
    """Also in a local action that no workflow uses so far."""
    assert list(red({**COMPLIANT, file: text % "someone/tool@v1"})) == ["test_actions_are_pinned"]
    by = "tool@sha256:" + "0" * 64 if "docker" in text else "someone/tool@" + "0" * 40
    assert red({**COMPLIANT, file: text % by}) == {}


def test_every_check_is_seen_red() -> None:
    seen = {name for *_, check in CHANGES for name in check.split()} | {"test_foreign_code_has_no_rights"}
    assert {name for name in CHECKS if name in vars(test_workflows)} <= seen


def test_nothing_at_all_is_not_green() -> None:
    assert set(red({})) == {
        "test_a_workflow_deploys_to_production", "test_dags_deploy_by_themselves", "test_scans_run_regularly",
    }  # fmt: skip


def test_our_own_workflows_are_green() -> None:
    texts = dict(observe_workflows(ROOT / ".github" / "workflows"))
    assert red(texts) == {}
