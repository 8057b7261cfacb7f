"""One sound pipeline of another team, one change each: every check of suites/static/test_pipelines.py seen red."""

import pytest
from suites.static import test_pipelines

from prodgate.testing import Outcome
from tests.suites.static.workflow_judging import CHECKS, judge, only

DEPLOY = ".github/workflows/release.yml"
SOUND = {
    DEPLOY: """\
on: {push: {branches: [main]}}
permissions: {contents: read}
concurrency: production
jobs:
  gate:
    steps:
      - run: pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment promotion
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {name: run, path: runs/}
  sign:
    needs: gate
    steps:
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {name: run, path: runs/}
      - run: pipx run tox -e sign -- runs/*
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {name: signed, path: runs/}
  plan:
    needs: gate
    outputs: {digest: "${{ steps.digest.outputs.sha256 }}"}
    steps:
      - run: tofu plan -input=false -out=plans/prod.tfplan
      - id: digest
        run: echo "sha256=$(sha256sum < plans/prod.tfplan | cut -c-64)" >> "$GITHUB_OUTPUT"
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4
        with: {name: prod, path: plans/}
  release:
    needs: [plan, sign]
    environment: production
    steps:
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {name: signed, path: runs/}
      - run: pipx run tox -e verify-run -- runs/* --key signer.pub --promotes --target aws://ap-northeast-1 --commit "${{ github.sha }}"
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0
        with: {name: prod, path: plans/}
      - run: echo "$DIGEST  plans/prod.tfplan" | sha256sum --check --strict
        env: {DIGEST: "${{ needs.plan.outputs.digest }}"}
      - run: tofu apply -input=false plans/prod.tfplan
      - run: pg_dump --format=custom --file=before.dump "$DATABASE_URL"
      - run: alembic upgrade head
      - run: aws ecs update-service --cluster "$CLUSTER" --service api --task-definition api
      - run: aws ecs wait services-stable --cluster "$CLUSTER" --services api
      - run: curl --fail --silent https://www.example.com/health
      - if: failure()
        run: aws ecs update-service --cluster "$CLUSTER" --service api --task-definition "$BEFORE"
""",
    ".github/workflows/dags.yml": """\
on: {push: {paths: [dags/**]}}
permissions: {contents: read}
concurrency: dags
jobs:
  copy:
    steps:
      - run: pytest dags/tests
      - run: prodgate run aws://ap-northeast-1
      - run: prodgate verify runs/* --key signer.pub --promotes --target aws://ap-northeast-1 --commit "$GITHUB_SHA"
      - run: aws s3 sync dags/ "s3://$BUCKET/dags/" --delete
""",
}
GATE, PLAN, BACKUP = (
    "workflow-gate-before-deploy",
    "workflow-applies-what-was-shown",
    "workflow-backup-before-migration",
)
SIGNED = "workflow-verifies-signed-run"
MIGRATION, WATCHED = "workflow-migration-before-traffic", "workflow-deploy-watched"
VERIFIED, ROLLBACK, DAGS = (
    "workflow-verifies-after-deploy",
    "workflow-rolls-back-by-itself",
    "workflow-dags-after-tests",
)
APPROVAL = "workflow-approval workflow-production-deploy"

ACCOUNT = " -- aws://ap-northeast-1 --moment promotion"
JUDGES = f"      - run: pipx run tox -e prod-gate{ACCOUNT}\n"
SIGNS = "      - run: pipx run tox -e sign -- runs/*\n"
VERIFIES = "      - run: pipx run tox -e verify-run"
SIGNED_RUN = "        with: {name: signed, path: runs/}\n      - run: pipx run tox -e verify-run"
ACTION = "      - uses: acme/prod-gate@0000000000000000000000000000000000000000\n        with: {{{}}}\n"
COMMIT = ' --commit "${{ github.sha }}"\n'
NEEDS = "    needs: [plan, sign]\n"
DUMPS = '      - run: pg_dump --format=custom --file=before.dump "$DATABASE_URL"\n'
MIGRATES = "      - run: alembic upgrade head\n"
SHIFTS = '      - run: aws ecs update-service --cluster "$CLUSTER" --service api --task-definition api\n'
WAITS = '      - run: aws ecs wait services-stable --cluster "$CLUSTER" --services api\n'
ASKS = "      - run: curl --fail --silent https://www.example.com/health\n"
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
BACK = """      - if: failure()
        run: aws ecs update-service --cluster "$CLUSTER" --service api --task-definition "$BEFORE"
"""
IN_A_JOB = f"  back:\n    needs: release\n    environment: production-rollback\n    steps:\n{BACK}"
STARTED = IN_A_JOB.replace("    steps", "    if: failure()\n    steps").replace("- if: failure()\n        run", "- run")
APPLIES = "      - run: tofu apply -input=false plans/prod.tfplan\n"
COMPARES = """      - run: echo "$DIGEST  plans/prod.tfplan" | sha256sum --check --strict
        env: {DIGEST: "${{ needs.plan.outputs.digest }}"}
"""
SHOWS = "      - run: tofu show -json plans/prod.tfplan > plan.json\n"
FETCHES = APPLIES.replace("apply -input=false", "plan -out")

#: What is written, what in its place, the criteria that are broken.
BROKEN = [
    (JUDGES, "      - run: pipx run tox -e lint\n", GATE),
    ("  plan:\n    needs: gate\n", "  plan:\n", ""),  # sign needs it
    # of a rehearsal, or of what nothing states
    (JUDGES, "      - run: pipx run tox -e prod-gate\n", GATE),
    (JUDGES, "      - run: pipx run tox -e prod-gate -- rehearsal://\n", GATE),
    (JUDGES, "      - run: prodgate run --quiet --moment promotion\n", GATE),
    (JUDGES, "      - run: prodgate run rehearsal:// --moment promotion\n", GATE),
    (JUDGES, '      - run: prodgate run "$TARGET"\n', GATE),
    (JUDGES, '      - run: prodgate run "$TARGET"\n        env: {TARGET: "rehearsal://"}\n', GATE),
    (JUDGES, '      - run: prodgate run "$TARGET"\n        env: {TARGET: "${{ vars.TARGET || \'rehearsal://\' }}"}\n', GATE),
    (JUDGES, '      - run: prodgate run "$TARGET"\n        env: {TARGET: "${{ vars.TARGET }}"}\n', ""),
    (JUDGES, '      - run: prodgate run --criteria c.toml "${TARGET:-aws://ap-northeast-1}"\n', ""),
    (JUDGES, '      - run: prodgate run "aws://$AWS_REGION"\n', ""),
    (JUDGES, "      - run: pipx run tox -e nightly\n", GATE),
    (JUDGES, '      - run: pipx run tox -e nightly\n        env: {PRODGATE_TARGET: "${{ vars.TARGET }}"}\n', ""),
    (JUDGES, "      - run: prodgate run aws://ap-northeast-1 --moment before\n", GATE),
    (JUDGES, "      - run: prodgate run aws://ap-northeast-1 --moment promotion --only static\n", GATE),
    (JUDGES, ACTION.format("target: 'aws://eu-west-1', only: '', moment: promotion"), ""),
    (JUDGES, ACTION.format("target: 'aws://eu-west-1', only: ''"), ""),
    (JUDGES, ACTION.format("target: 'aws://eu-west-1', only: '', moment: before"), GATE),
    (JUDGES, ACTION.format("target: 'aws://eu-west-1'"), GATE),  # the static layer alone
    (JUDGES, ACTION.format("only: ''"), GATE),
    (JUDGES, ACTION.format("target: '${{ vars.TARGET }}', only: ''"), ""),
    (JUDGES, ACTION.format("target: 'rehearsal://', only: ''"), GATE),
    ("  gate:\n    steps:\n", "  gate:\n    uses: acme/prod-gate/.github/workflows/reusable-gate.yml@0000000000000000000000000000000000000000\n  other:\n    steps:\n", GATE),
    # verified is less, another system or another run
    (" --promotes --target aws://ap-northeast-1", " --whole --target aws://ap-northeast-1", GATE),
    (" --promotes --target aws://ap-northeast-1", " --promotes", GATE),
    (" --promotes --target aws://ap-northeast-1", " --promotes --target rehearsal://", GATE),
    (" --promotes --target aws://ap-northeast-1", ' --promotes --target "$TARGET"', GATE),
    ("--target aws://ap-northeast-1", "--target aws://ap-northeast-1 || true", f"{GATE} {SIGNED}"),
    (SIGNED_RUN, SIGNED_RUN.replace("name: signed", "name: rehearsed"), GATE),
    (SIGNED_RUN, SIGNED_RUN.replace("path: runs/", "path: old/"), GATE),
    (SIGNED_RUN, SIGNED_RUN.replace("name: signed", "name: run"), ""),  # whose signature verify then misses
    ("verify-run -- runs/*", "verify-run -- old/*", GATE),
    ("with: {name: run, path: runs/}\n  sign", "with: {name: run, path: reports/}\n  sign", GATE),
    ("with: {name: run, path: runs/}\n      - run: pipx run tox -e sign", "with: {name: other, path: runs/}\n      - run: pipx run tox -e sign", GATE),
    (NEEDS, NEEDS + "    if: always()\n", f"{GATE} {PLAN} {SIGNED}"),
    (NEEDS, NEEDS + "    if: ${{ !cancelled() && needs.plan.result != 'skipped' }}\n", f"{GATE} {PLAN} {SIGNED}"),
    (JUDGES, JUDGES.rstrip() + " || true\n", GATE),
    (JUDGES, f"      - uses: {CHECKOUT}\n        with: {{ref: last-good}}\n{JUDGES}", GATE),
    (JUDGES, f"      - uses: {CHECKOUT}\n        with: {{repository: someone/else}}\n{JUDGES}", GATE),
    (JUDGES, f"      - uses: {CHECKOUT}\n        with: {{ref: last-good, path: before}}\n{JUDGES}", ""),
    (JUDGES, f"      - uses: {CHECKOUT}\n        with: {{ref: '${{{{ github.sha }}}}'}}\n{JUDGES}", ""),
    (APPLIES, f"      - uses: {CHECKOUT}\n        with: {{ref: '${{{{ inputs.version }}}}'}}\n{APPLIES}", f"{GATE} {SIGNED}"),
    (JUDGES, "      - run: |\n          set +e\n          tox -e prod-gate -- aws://eu-west-1\n          echo done\n", GATE),
    (JUDGES, "      - run: tox -e prod-gate -- aws://eu-west-1 | tee log\n", GATE),
    (JUDGES, "      - run: if tox -e prod-gate -- aws://eu-west-1; then echo good; fi\n", GATE),
    (JUDGES, "      - run: tox -e prod-gate -- aws://eu-west-1 && echo good; echo done\n", GATE),
    (JUDGES, "      - run: tox -e prod-gate -- aws://eu-west-1 &\n", GATE),
    (JUDGES, "      - run: prodgate run rehearsal:// --only static\n", GATE),
    (JUDGES, "      - run: tox -e prod-gate --notest\n", GATE),
    (JUDGES, JUDGES + "        continue-on-error: true\n", GATE),
    (JUDGES, JUDGES + "        if: github.actor != 'robot'\n", GATE),
    (JUDGES, "      - shell: bash {0}\n        run: |\n          tox -e prod-gate -- aws://eu-west-1\n          echo done\n", GATE),
    ("  gate:\n", "  gate:\n    continue-on-error: true\n", GATE),
    (NEEDS, "    needs: plan\n", f"{GATE} {SIGNED}"),
    (SIGNS, SIGNS.replace("tox -e sign", "tox -e lint"), f"{GATE} {SIGNED}"),
    (SIGNS, f"      - run: tox -e e2e\n{SIGNS}", SIGNED),
    (SIGNS, SIGNS.replace("tox -e sign --", "tox -e sign --notest --"), f"{GATE} {SIGNED}"),
    (VERIFIES, VERIFIES.replace("verify-run", "lint"), f"{GATE} {SIGNED}"),
    (COMMIT, f"{COMMIT.rstrip()} || true\n", f"{GATE} {SIGNED}"),
    (COMMIT, "\n", f"{GATE} {SIGNED}"),
    (COMMIT, f"{COMMIT.rstrip()} --unsigned\n", f"{GATE} {SIGNED}"),
    ("    environment: production\n", "", APPROVAL),
    ("apply -input=false plans/prod.tfplan", "apply -auto-approve", PLAN),
    ("apply -input=false plans/prod.tfplan", "apply -auto-approve -var a=b", PLAN),
    ("apply -input=false plans/prod.tfplan", "apply other.tfplan", PLAN),
    ("apply -input=false plans/prod.tfplan", "destroy -auto-approve", PLAN),
    (APPLIES, FETCHES + APPLIES, PLAN),
    ("        with: {name: prod, path: plans/}\n  release", "        with: {name: other, path: plans/}\n  release", PLAN),
    # what is fetched may be another file than the one that was made
    (COMPARES, "", PLAN),
    (COMPARES + APPLIES, APPLIES + COMPARES, PLAN),
    (COMPARES, COMPARES.replace("--strict", "--strict || true"), PLAN),
    (COMPARES, COMPARES.replace("--strict", "--strict | tee log"), PLAN),
    (COMPARES, COMPARES + "        if: github.actor != 'robot'\n", PLAN),
    (COMPARES, COMPARES + "        continue-on-error: true\n", PLAN),
    (COMPARES, COMPARES.replace("prod.tfplan", "other.tfplan"), PLAN),
    (COMPARES, COMPARES.replace("needs.plan", "needs.sign"), PLAN),
    (COMPARES, COMPARES.replace("sha256sum", "md5sum"), PLAN),
    (COMPARES, "      - run: cd plans && sha256sum --check prod.tfplan.sha256\n", PLAN),  # which came with it
    (COMPARES, COMPARES.replace("sha256sum", "shasum -a 256"), ""),
    (COMPARES + APPLIES, f"{COMPARES.splitlines()[1].replace('        env', '      - env')}\n        run: |\n          sha256sum -c <<< \"$DIGEST  plans/prod.tfplan\"\n          tofu apply -input=false plans/prod.tfplan\n", ""),
    ("        with: {name: prod, path: plans/}\n" + COMPARES, "        with: {artifact-ids: '${{ needs.plan.outputs.artifact }}', path: plans/}\n", ""),
    ("        with: {name: prod, path: plans/}\n" + COMPARES, "        with: {artifact-ids: '${{ inputs.artifact }}', path: plans/}\n", PLAN),
    (COMPARES, f"{SHOWS}      - run: prodgate verify runs/* --key signer.pub --plan plan.json\n", ""),
    (COMPARES, f"{SHOWS}      - run: prodgate verify runs/* --key signer.pub --plan other.json\n", PLAN),
    (COMPARES, "      - run: prodgate verify runs/* --key signer.pub --plan plan.json\n", PLAN),
    (DUMPS, "", BACKUP),
    (DUMPS + MIGRATES, MIGRATES + DUMPS, BACKUP),
    (DUMPS, DUMPS + "        continue-on-error: true\n", BACKUP),
    (DUMPS, "      - run: aws rds create-db-snapshot --db-snapshot-identifier before\n", BACKUP),
    (MIGRATES + SHIFTS, SHIFTS + MIGRATES, MIGRATION),
    (MIGRATES, MIGRATES.rstrip() + " || echo later\n", MIGRATION),
    (WAITS, "", WATCHED),
    (WAITS, WAITS.rstrip() + " || true\n", WATCHED),
    (ASKS, "", VERIFIED),
    (WAITS + ASKS, ASKS + WAITS, VERIFIED),
    (ASKS, "      - run: curl --fail --silent -o tool https://www.example.com/tool\n", VERIFIED),
    (ASKS, ASKS + "        continue-on-error: true\n", VERIFIED),
    (ASKS, "      - run: pipx run tox -e prod-gate\n", VERIFIED),  # a rehearsal: of production it says nothing
    (ASKS + BACK, BACK + ASKS, ROLLBACK),
    (BACK, IN_A_JOB, ROLLBACK),  # its step waits for a failure in a job that starts when all went well
    (BACK, STARTED, ""),
    (BACK, STARTED.replace("production-rollback", "production"), ROLLBACK),  # which waits for the approval of the deploy
    ("      - if: failure()\n", "      - if: inputs.back == 'yes'\n", f"{ROLLBACK} {WATCHED} {VERIFIED}"),
    ("apply -input=false plans/prod.tfplan", "apply -input=false plans/prod.tfplan || true", ""),
]  # fmt: skip


#: Criteria that state names of this system's own workflows.
OURS = {"workflow-components", "workflow-variables"}


@pytest.fixture(scope="module")
def asked() -> set[str]:
    return {name for name in CHECKS if name in vars(test_pipelines)}


def broken(texts: dict[str, str], outcome: Outcome = Outcome.NOT_SATISFIED) -> set[str]:
    return {CHECKS[name].criterion for name in only(texts, outcome)} - OURS


def changed(old: str, new: str) -> dict[str, str]:
    assert SOUND[DEPLOY].count(old) == 1, old
    return {**SOUND, DEPLOY: SOUND[DEPLOY].replace(old, new)}


def test_every_question_is_asked_of_a_sound_pipeline_and_holds(asked: set[str]) -> None:
    found = judge(SOUND)
    assert broken(SOUND) - {"workflow-regular-scan"} == set()
    assert broken(SOUND, Outcome.UNDETERMINED) == set()
    assert {name for name in asked if any(outcome is Outcome.SATISFIED for _, outcome, _ in found[name])} == asked


@pytest.mark.parametrize(("old", "new", "criteria"), BROKEN)
def test_one_change_breaks_its_criteria_and_no_other(old: str, new: str, criteria: str) -> None:
    assert broken(changed(old, new)) - {"workflow-regular-scan"} == set(criteria.split())
    assert broken(changed(old, new), Outcome.UNDETERMINED) == set()


@pytest.mark.parametrize(
    ("given", "criteria"),
    [("with: {target: 'aws://eu-west-1'}", set()), ("with: {target: 'rehearsal://'}", {GATE}), ("needs: []", {GATE})],
)
def test_the_target_of_a_called_workflow_is_the_one_that_it_is_given(given: str, criteria: set[str]) -> None:
    start = SOUND[DEPLOY].index("      - run: pipx run tox -e prod-gate")
    end = SOUND[DEPLOY].index("  sign:\n")
    steps = SOUND[DEPLOY][start:end].replace("aws://ap-northeast-1", '"$TARGET"')
    called = f"""\
on: {{workflow_call: {{inputs: {{target: {{type: string, default: "rehearsal://"}}}}}}}}
permissions: {{contents: read}}
jobs:
  run:
    env: {{TARGET: "${{{{ inputs.target }}}}"}}
    steps:
{steps}"""
    calls = f"    uses: ./.github/workflows/called.yml\n    {given}\n"
    text = SOUND[DEPLOY][:start].removesuffix("    steps:\n") + calls + SOUND[DEPLOY][end:]
    texts = {**SOUND, DEPLOY: text, ".github/workflows/called.yml": called}
    assert broken(texts) - {"workflow-regular-scan"} == criteria


@pytest.mark.parametrize(
    "script", ["tox -e dags || true", "tox -e lint", "tox -e dags\n          exit 0\n        shell: bash {0}"]
)
def test_dags_that_are_copied_without_their_tests_are_seen(script: str) -> None:
    file = ".github/workflows/dags.yml"
    text = SOUND[file].replace("- run: pytest dags/tests", f"- run: |\n          {script}")
    assert broken({**SOUND, file: text}) - {"workflow-regular-scan"} == {DAGS}


def test_every_check_is_seen_red(asked: set[str]) -> None:
    seen = {criterion for _, _, criteria in BROKEN for criterion in criteria.split()} | {DAGS}
    assert {CHECKS[name].criterion for name in asked} <= seen


@pytest.mark.parametrize("tests", ["pytest dags/tests || true", "pytest app/tests", "echo dags"])
def test_dags_that_are_copied_untested_are_seen(tests: str) -> None:
    file = ".github/workflows/dags.yml"
    assert broken({**SOUND, file: SOUND[file].replace("pytest dags/tests", tests)}) >= {DAGS}


#: What can't be seen through where something is looked for, and what that leaves open.
HIDDEN = [
    (JUDGES, "      - run: make gate\n", GATE),
    (JUDGES, "      - run: npm run gate\n", GATE),
    (JUDGES, "      - run: ./scripts/gate\n", GATE),
    (JUDGES, "      - run: $GATE\n", GATE),
    (JUDGES, "      - uses: example/gate@0000000000000000000000000000000000000000\n", GATE),
    (DUMPS, "      - run: make backup\n", BACKUP),
    (ASKS, "      - run: npm run smoke\n", VERIFIED),
    (WAITS, "      - run: python scripts/wait.py\n", f"{WATCHED} {VERIFIED}"),
    ("      - run: tofu plan -input=false -out=plans/prod.tfplan\n", "      - run: make plan\n", PLAN),
    ("apply -input=false plans/prod.tfplan", "apply $PLAN", PLAN),
]


@pytest.mark.parametrize(("old", "new", "criteria"), HIDDEN)
def test_what_cannot_be_seen_through_is_undetermined(old: str, new: str, criteria: str) -> None:
    texts = changed(old, new)
    said = {CHECKS[name].criterion for name in only(texts, Outcome.UNDETERMINED)}
    assert said == set(criteria.split()) - ({VERIFIED} if WATCHED in criteria else set())


def test_a_job_of_production_that_shows_nothing_may_do_anything() -> None:
    text = (
        "on: push\npermissions: {}\njobs:\n  release:\n    environment: production\n    steps: [{run: make deploy}]\n"
    )
    assert {GATE} <= broken({DEPLOY: text})
    assert {PLAN, BACKUP, MIGRATION, WATCHED, VERIFIED, ROLLBACK, DAGS} <= broken({DEPLOY: text}, Outcome.UNDETERMINED)
