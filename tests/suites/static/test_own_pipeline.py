"""Our own workflows are green, and each edit that would let a deploy go wrong turns exactly its criteria red."""

import re

import pytest

from prodgate.facts.static.workflow_files import observe_workflows
from prodgate.testing import Outcome
from tests.suites.static.workflow_judging import CHECKS, ROOT, only

TEXTS = dict(observe_workflows(ROOT / ".github" / "workflows"))
DEPLOY, DAGS = TEXTS[".github/workflows/deploy.yml"], TEXTS[".github/workflows/deploy-dags.yml"]


def step(name: str, text: str = DEPLOY) -> str:
    """The whole step that begins with this name."""
    (found,) = re.findall(rf"^      - name: {re.escape(name)}\n(?:        .*\n)+", text, re.MULTILINE)
    assert isinstance(found, str)
    return found


def job(id_: str, text: str = DEPLOY) -> str:
    (found,) = re.findall(rf"^  {id_}:\n(?:    .*\n|\n)+", text, re.MULTILINE)
    assert isinstance(found, str)
    return found


def moved(first: str, second: str) -> str:
    """The deploy in which the first of two steps runs after the second."""
    assert DEPLOY.index(first) < DEPLOY.index(second)
    return DEPLOY.replace(first, "").replace(second, second + first)


def without(*names: str) -> str:
    text = DEPLOY
    for name in names:
        text = text.replace(step(name), "")
    return text


GATE, PLAN, BACKUP = (
    "workflow-gate-before-deploy",
    "workflow-applies-what-was-shown",
    "workflow-backup-before-migration",
)
MIGRATION, WATCHED = "workflow-migration-before-traffic", "workflow-deploy-watched"
VERIFIED, ROLLBACK = "workflow-verifies-after-deploy", "workflow-rolls-back-by-itself"
SIGNED = "workflow-verifies-signed-run"
SIGNS, CHECKED = (
    "Stand for what the gate made",
    "May this commit go to this account, as somebody stands for it today?",
)
NEEDS = "    needs: [tests, rehearse, gate, sign, plan]\n"
UNSIGNED = DEPLOY.replace(NEEDS, NEEDS.replace("sign, ", ""))
FETCHED = "          name: run-signed\n          path: runs/\n"
MIGRATE, SNAPSHOT, WAIT = "Migrate the database", "Back up the database", "Wait for the backup"
API, FRONT = "Deploy the back end", "Deploy the front end"
ASK, VERIFY, APPLY = "Does a reader get a page?", "Is all well afterwards?", "Apply what was approved"
WATCH_API, WATCH_FRONT = (
    "Watch the back end until the old tasks are gone",
    "Watch the front end until the old tasks are gone",
)
(STARTS,) = re.findall(r"if: \$\{\{ always\(\) && \(needs.deploy.*\n", DEPLOY)
OF_VERIFY = " || needs.verify.outputs.no-go == 'true'"
JUDGE = '        run: pipx run tox -e prod-gate -- "$TARGET" --moment promotion\n'
KEYS = "          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}\n"
UNGATED = (
    DEPLOY.replace("    needs: [rehearse, gate]\n", "")
    .replace("    needs: gate\n", "")
    .replace(NEEDS, NEEDS.replace("gate, ", ""))
)
#: What the pipeline was, when it promoted on a rehearsal.
AS_IT_WAS = DEPLOY.replace(JUDGE, "        run: pipx run tox -e prod-gate\n").replace(
    '--promotes --target "$TARGET"', "--whole"
)
ROLE = "          role-to-assume: ${{ vars.APPLY_ROLE_ARN }}\n"

#: What somebody does to the deploy, and the criteria that it breaks.
SABOTAGES = {
    "the gate is taken out": (
        UNGATED.replace(job("gate"), ""),
        GATE,
    ),
    "nothing needs the gate": (UNGATED, GATE),
    "what the deploy needs runs whatever the gate says": (
        DEPLOY.replace(NEEDS, NEEDS.replace("gate, ", ""))
        .replace("    needs: gate\n", "    needs: gate\n    if: always()\n")
        .replace("    needs: [rehearse, gate]\n", "    needs: [rehearse, gate]\n    if: always()\n"),
        GATE,
    ),
    "it promotes on a rehearsal, as it did": (AS_IT_WAS, GATE),
    "the gate rehearses": (DEPLOY.replace(JUDGE, JUDGE.replace('"$TARGET"', "rehearsal://")), GATE),
    "the gate has no target": (DEPLOY.replace(JUDGE, JUDGE.replace(' -- "$TARGET"', " --")), GATE),
    "the target of the gate is set nowhere": (DEPLOY.replace(JUDGE, JUDGE.replace("$TARGET", "$PRODGATE_TARGET")), GATE),
    "the account is asked after the apply alone": (
        AS_IT_WAS.replace("--whole", '--promotes --target "$TARGET"')
        .replace(step(APPLY), step(APPLY) + step("Judge")),
        GATE,
    ),
    "the rehearsal is verified": (DEPLOY.replace(FETCHED, FETCHED.replace("run-signed", "run-rehearsed")), GATE),
    "the rehearsal is signed": (
        DEPLOY.replace("          name: run-before\n          path: runs/\n", "          name: run-rehearsed\n          path: runs/\n"),
        GATE,
    ),
    "another run than was fetched is verified": (DEPLOY.replace("verify-run -- runs/*.tar", "verify-run -- last/*.tar"), GATE),
    "a run of another account is verified": (DEPLOY.replace('--target "$TARGET"', "--target rehearsal://"), GATE),
    "a run that does not promote is accepted": (DEPLOY.replace("--promotes ", "--whole "), GATE),
    "the gate is asked for something else": (DEPLOY.replace(JUDGE, JUDGE.replace("prod-gate", "lint")), GATE),
    "the gate leaves layers out": (DEPLOY.replace(JUDGE, JUDGE.rstrip() + " --only static\n"), GATE),
    "the gate may fail": (DEPLOY.replace(JUDGE, JUDGE + "        continue-on-error: true\n"), GATE),
    "the job of the gate may fail": (DEPLOY.replace("  gate:\n", "  gate:\n    continue-on-error: true\n"), GATE),
    "the failure of the gate is hidden": (DEPLOY.replace(JUDGE, JUDGE.rstrip() + " || true\n"), GATE),
    "the gate may be skipped": (DEPLOY.replace(JUDGE, JUDGE + "        if: ${{ !inputs.urgent }}\n"), GATE),
    "the deploy runs whatever the gate says": (
        DEPLOY.replace(NEEDS, NEEDS + "    if: always()\n"),
        f"{GATE} {PLAN} {SIGNED}",
    ),
    "the gate runs after the deploy": (
        UNGATED.replace("    needs: tests # whose results it judges\n", "    needs: deploy\n"),
        GATE,
    ),
    "the signature is taken out": (without(SIGNS), f"{GATE} {SIGNED}"),
    "the job that signs is taken out": (UNSIGNED.replace(job("sign"), ""), f"{GATE} {SIGNED}"),
    "nothing needs the signature": (UNSIGNED, f"{GATE} {SIGNED}"),
    "the run is signed where it is made": (
        UNSIGNED.replace(job("sign"), "").replace(JUDGE, JUDGE + step(SIGNS)),
        f"{GATE} {SIGNED}",
    ),
    "the verification of the run is taken out": (without(CHECKED), f"{GATE} {SIGNED}"),
    "the run may be of another commit": (DEPLOY.replace(' --commit "$GITHUB_SHA"', ""), f"{GATE} {SIGNED}"),
    "the run is verified for a commit of somebody's choice": (DEPLOY.replace('--commit "$GITHUB_SHA"', '--commit "$WHICH"'), f"{GATE} {SIGNED}"),
    "the run may be of some layers": (DEPLOY.replace(" --promotes", ""), f"{GATE} {SIGNED}"),
    "the run may be unsigned": (DEPLOY.replace(" --promotes", " --promotes --unsigned"), f"{GATE} {SIGNED}"),
    "nobody says whose key counts": (DEPLOY.replace(' "$@" --criteria criteria.toml', ""), f"{GATE} {SIGNED}"),
    "the verification of the run may fail": (
        DEPLOY.replace(step(CHECKED), step(CHECKED) + "        continue-on-error: true\n"),
        f"{GATE} {SIGNED}",
    ),
    "the run is verified after the apply": (moved(step(CHECKED), step(APPLY)), f"{GATE} {SIGNED}"),
    "the approval is taken out": (
        re.sub(r"    environment:\n      name: production.*\n", "", DEPLOY),
        "workflow-approval workflow-production-deploy",
    ),
    "the name of the environment is misspelt": (DEPLOY.replace("name: production #", "name: prodution #"), "deploy-environments"),
    "what is called the back end is the front end": (
        DEPLOY.replace(step(API), step(API).replace(".api ", ".frontend ").replace("api.", "frontend.")), "workflow-components",
    ),
    "the front end is deployed as the back end": (DEPLOY.replace(".deployments.api ", ".deployments.frontend "), "workflow-components"),
    "the front end is watched twice": (DEPLOY.replace("$(cat api.deployment)", "$(cat frontend.deployment)"), "workflow-components"),
    "the front end is taken back twice": (DEPLOY.replace("roll_back.sh api", "roll_back.sh frontend"), "workflow-components"),
    "a variable is misspelt": (DEPLOY.replace("vars.SITE_HOST", "vars.SITE_HOSTS"), "workflow-variables"),
    "a secret is misspelt": (DEPLOY.replace("secrets.PRODGATE_SIGNING_KEY", "secrets.PRODGATE_SIGNING_KEYS"), "workflow-variables"),
    "whatever is called a plan is applied": (DEPLOY.replace("| sha256sum --check --strict", "> /dev/null"), PLAN),
    "a new plan is applied": (DEPLOY.replace('apply "$RUNNER_TEMP/reviewed.tfplan"', "apply -auto-approve"), PLAN),
    "the plan is made after the approval": (
        DEPLOY.replace(step(APPLY), step("Plan") + step(APPLY)),
        PLAN,
    ),
    "another artifact is applied": (DEPLOY.replace("name: plan\n          path: ${{ runner.temp }}\n", "name: plan-2\n          path: ${{ runner.temp }}\n"), PLAN),
    "the backup is taken out": (without(SNAPSHOT, WAIT), BACKUP),
    "nobody waits for the backup": (without(WAIT), BACKUP),
    "the migration runs before the backup": (moved(step(SNAPSHOT), step("Did it succeed?")), BACKUP),
    "the failure of the backup is hidden": (
        DEPLOY.replace(step(SNAPSHOT), step(SNAPSHOT).rstrip() + " || true\n"),
        BACKUP,
    ),
    "traffic moves before the migration": (moved(step(MIGRATE), step(FRONT)), MIGRATION),
    "nobody watches": (without(WATCH_API, WATCH_FRONT), WATCHED),
    "nobody verifies": (without(VERIFY, ASK), VERIFIED),
    "the verification is of a rehearsal": (without(ASK).replace(' -- "$TARGET"\n', "\n"), VERIFIED),
    "asked before it has ended": (
        moved(step(WATCH_FRONT), step(ASK)).replace(job("verify"), "").replace("[deploy, verify]", "deploy").replace(OF_VERIFY, ""),
        VERIFIED,
    ),
    "the verification may fail": (
        without(ASK).replace(step(VERIFY), step(VERIFY) + "        continue-on-error: true\n"),
        VERIFIED,
    ),
    "it is rolled back by hand": (without("Take the front end back", "Take the back end back"), ROLLBACK),
    "the job of the rollback is taken out": (DEPLOY.replace(job("roll-back"), ""), ROLLBACK),
    "the rollback waits for an input": (DEPLOY.replace(STARTS, "if: inputs.back\n"), f"{ROLLBACK} {WATCHED} {VERIFIED}"),
    "the rollback starts only when all went well": (DEPLOY.replace(f"    {STARTS}", ""), f"{ROLLBACK} {WATCHED} {VERIFIED}"),
    "a failed verification is not rolled back": (
        DEPLOY.replace("needs: [deploy, verify]", "needs: deploy").replace(STARTS, "if: ${{ failure() }}\n"),
        ROLLBACK,
    ),
    "a failed verification is not heard of": (
        DEPLOY.replace(OF_VERIFY, ""),
        ROLLBACK,
    ),
    "the rollback waits for the approval of the deploy": (DEPLOY.replace("production-rollback #", "production #"), ROLLBACK),
    "permissions are widened": (
        DEPLOY.replace("permissions: {}\n", "permissions: {contents: write}\n").replace("    permissions:\n      contents: read\n    steps:", "    steps:"),
        "workflow-least-permissions",
    ),
    "permissions of the repository's default": (
        DEPLOY.replace("permissions: {}\n", "").replace("    permissions:\n      contents: read\n    steps:", "    steps:"),
        "workflow-least-permissions",
    ),
    "an action by its tag": (re.sub(r"checkout@[0-9a-f]{40}", "checkout@v5", DEPLOY), "workflow-actions-pinned"),
    "a stored key": (DEPLOY.replace(ROLE, KEYS), "workflow-short-lived-credentials workflow-variables"),
    "a newer deploy cancels this one": (
        DEPLOY.replace("cancel-in-progress: false", "cancel-in-progress: true"),
        "workflow-one-deploy-at-a-time",
    ),
    "deploys run side by side": (
        DEPLOY.replace("concurrency:\n  group: production\n  cancel-in-progress: false\n", ""),
        "workflow-one-deploy-at-a-time",
    ),
    "an input in a script": (
        DEPLOY.replace("tox -e prod-gate\n", "tox -e prod-gate ${{ inputs.more }}\n"),
        "workflow-untrusted-input",
    ),
}  # fmt: skip


def broken(outcome: Outcome, **files: str) -> set[str]:
    texts = {**TEXTS, **{f".github/workflows/{name.replace('_', '-')}.yml": text for name, text in files.items()}}
    return {CHECKS[name].criterion for name in only(texts, outcome)}


def test_our_own_workflows_are_green() -> None:
    assert (broken(Outcome.NOT_SATISFIED), broken(Outcome.UNDETERMINED)) == (set(), set())


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_of_the_deploy_breaks_exactly_its_criteria(name: str) -> None:
    text, criteria = SABOTAGES[name]
    assert text != DEPLOY
    assert broken(Outcome.NOT_SATISFIED, deploy=text) == set(criteria.split())
    assert broken(Outcome.UNDETERMINED, deploy=text) == set()


@pytest.mark.parametrize(
    ("old", "new", "criterion"),
    [
        ("needs: [test, ", "needs: [", "workflow-dags-after-tests"),
        ("tox -e dags\n", "tox -e dags || true\n", "workflow-dags-after-tests"),
        ("tox -e dags\n", "tox -e lint\n", "workflow-dags-after-tests"),
        (' -- "$TARGET" --moment promotion', "", GATE),
        ("--promotes", "--whole", GATE),
        (step(CHECKED, DAGS), "", GATE),
        ("needs: [test, tests, gate, sign]", "needs: test", GATE),
        ("name: run-signed\n          path: runs/\n", "name: dags-run\n          path: runs/\n", GATE),
    ],
)
def test_dags_that_are_not_tested_or_promoted_first_are_seen(old: str, new: str, criterion: str) -> None:
    assert old in DAGS
    assert broken(Outcome.NOT_SATISFIED, deploy_dags=DAGS.replace(old, new)) == {criterion}


@pytest.mark.parametrize(
    ("old", "new"), [("vars.PRODGATE_TARGET", "vars.TARGTE"), ("PRODGATE_TARGET:", "PRODGATE_TARGT:")]
)
def test_a_night_with_a_misspelt_target_is_seen(old: str, new: str) -> None:
    night = TEXTS[".github/workflows/nightly.yml"].replace(old, new)
    assert broken(Outcome.NOT_SATISFIED, nightly=night) == {"workflow-variables"}


def test_every_job_says_how_long_it_may_take() -> None:
    for name, text in TEXTS.items():
        if name.startswith(".github/"):
            jobs = re.findall(
                r"^  [\w-]+:\n    (?:.*\n)+?(?=^  [\w-]+:\n|\Z)", text.split("\njobs:\n")[1], re.MULTILINE
            )
            assert jobs, name
            assert all("timeout-minutes:" in job for job in jobs), name
