"""Would a deploy go the way it should? How workflows change a running system, in which order, and what stops them."""

from collections.abc import Iterable
from dataclasses import replace

from prodgate import Criterion, check
from prodgate.facts.static import Change, PlanTrace, Search, Stage


@check(
    "workflow-gate-before-deploy",
    remedy="Let the job need one that runs `prodgate run aws://REGION --moment promotion`, and that can't be skipped.",
)
def test_a_deploy_needs_the_gate(change: Change, criterion: Criterion) -> None:
    """Can a change of production start only after the gate, run against the account, has passed in the same run?"""
    if not change.production:
        raise criterion.not_applicable("does not change the production system")
    require(change.find_gate(), criterion, expected="the gate, asked about the account, before it")


@check(
    "workflow-gate-before-deploy",
    remedy='Begin with `prodgate verify RUN --promotes --target aws://REGION --commit "$GITHUB_SHA"`, of what it made.',
)
def test_a_deploy_rests_on_a_promotion(change: Change, criterion: Criterion) -> None:
    """Does anything but a gate run that allows promotion of this account stop the deploy before any change?"""
    if not change.production:
        raise criterion.not_applicable("does not change the production system")
    require(change.find_promotion(), criterion, expected="a verification of the gate's run, with --promotes, before it")


@check("workflow-verifies-signed-run", remedy="Sign the run by `tox -e sign` in a job of its own, before the deploy.")
def test_the_run_of_the_gate_is_signed(change: Change, criterion: Criterion) -> None:
    """Is the gate's verdict signed, with a key that no code of the suites can take?"""
    if change.kind == "DAGs" or not change.production:
        raise criterion.not_applicable("does not change the production system")
    require(change.find_signature(), criterion, expected="a signature of the run, in a job of its own, before it")


@check(
    "workflow-verifies-signed-run",
    remedy='Begin with `tox -e verify-run -- RUN --key KEY --commit "$GITHUB_SHA" --promotes`, and let it stop.',
)
def test_a_deploy_verifies_the_signed_run(change: Change, criterion: Criterion) -> None:
    """Is an unsigned run, one of another commit or one of only some layers refused before anything changes?"""
    if change.kind == "DAGs" or not change.production:
        raise criterion.not_applicable("does not change the production system")
    require(change.find_before("verify the run"), criterion, expected="a verification of the signed run before it")


@check(
    "workflow-applies-what-was-shown",
    remedy="Plan with -out in a job before the approval, keep the file as an artifact, hand on its SHA-256 as an "
    "output of that job, compare it with `sha256sum --check`, and apply that file.",
)
def test_the_plan_that_was_shown_is_applied(change: Change, criterion: Criterion) -> None:
    """Does Terraform apply the very plan that the approver could read?"""
    ask(change, criterion, "apply")
    if change.plan is None:
        raise criterion.not_applicable("applies no Terraform")
    require_shown(change.plan, criterion)


@check("workflow-backup-before-migration", remedy="Take a snapshot and wait for it in a step before the migration.")
def test_a_backup_is_taken_before_a_migration(change: Change, criterion: Criterion) -> None:
    """Is there a backup from which the database before this migration can be restored?"""
    ask(change, criterion, "migrate")
    backups = change.find_before("backup", "snapshot")
    require(backups, criterion, expected="a backup before it")
    if all(stage.kind == "snapshot" for stage in backups.found):
        require(change.find_before("wait for the snapshot"), criterion, expected="a wait until the snapshot is there")


@check("workflow-migration-before-traffic", remedy="Migrate in a step before the one that shifts traffic.")
def test_migrations_run_before_traffic_moves(change: Change, criterion: Criterion) -> None:
    """Is the schema ready before the build that needs it takes traffic?

    The question does not apply to a workflow without migrations; if no workflow migrates, the answer is unknown.
    """
    ask(change, criterion, "shift")
    order = known_only(change.find_before("migrate"))
    if not (order.found or order.toothless or order.misplaced or order.unseen):
        raise criterion.not_applicable("migrates nothing that can be recognised")
    require(order, criterion, expected="a migration before it")


@check(
    "workflow-deploy-watched",
    remedy="Follow the deployment to its end: `prodgate watch deploy`, or a wait of the AWS CLI.",
)
def test_a_deploy_is_watched_to_its_end(change: Change, criterion: Criterion) -> None:
    """Does the workflow fail when the deployment that it started does?"""
    ask(change, criterion, "shift")
    require(change.find_after("watch"), criterion, expected="a wait for its end")


@check(
    "workflow-verifies-after-deploy",
    remedy="Verify in a step after the deployment has ended, such as `tox -e post-deploy -- aws://…`.",
)
def test_a_deploy_is_verified_once_it_has_ended(change: Change, criterion: Criterion) -> None:
    """Does the same run verify production once the deploy has ended?"""
    ask(change, criterion, "apply", "shift")
    ended = change.find_after("watch").found if change.kind == "shift" else ()
    require(change.find_after("judge after", "test", following=ended), criterion, expected="a verification after it")


@check(
    "workflow-rolls-back-by-itself",
    remedy="Roll back in a last step with `if: failure()`, or in a job that needs all of it and starts when it failed.",
)
def test_what_fails_is_rolled_back_without_a_person(change: Change, criterion: Criterion) -> None:
    """Does the run itself roll back its deployment when watching or verifying fails?"""
    ask(change, criterion, "shift")
    watched = change.find_after("watch").found
    verified = change.find_after("judge after", "test", following=watched).found
    require(change.find_rollback(following=(*watched, *verified)), criterion, expected="a rollback on failure")


@check("workflow-dags-after-tests", remedy="Let the job need one that runs the DAG tests (`tox -e dags`).")
def test_dags_deploy_after_their_tests(change: Change, criterion: Criterion) -> None:
    """Are DAGs copied only after their tests have passed?"""
    ask(change, criterion, "DAGs")
    require(change.find_before("DAG test"), criterion, expected="the DAG tests before it")


def ask(change: Change, criterion: Criterion, *kinds: str) -> None:
    """Raise unless the question applies to this change of production; an opaque step may be anything."""
    if change.kind == "opaque" and change.production:
        said = f"{change.stage.said!r} can't be seen through, and may deploy; write its commands in the workflow"
        raise criterion.undetermined(said)
    if change.kind not in kinds or not change.production:
        raise criterion.not_applicable(f"not one of: {', '.join(kinds)}, in production")


def known_only(search: Search) -> Search:
    """Leave out steps that may be anything, unless the question is whether there is a step at all."""
    return replace(search, unseen=tuple(stage for stage in search.unseen if stage.kind != "opaque"))


def require(search: Search, criterion: Criterion, *, expected: str) -> None:
    """Raise unless something was found; steps that could hide it make that undetermined."""
    if search.unseen and not (search.found or search.toothless):
        said = f"{search.unseen[0]}: can't be seen through, and may be {expected}; write its command in the workflow"
        raise criterion.undetermined(said)
    useless = describe(search.toothless, "which may be skipped or ignored, or is of another commit, run or system")
    elsewhere = describe(search.misplaced, "which is not there")
    criterion.hold(
        bool(search.found),
        expected=expected,
        observed="; ".join((*useless, *elsewhere)) or "none",
        held="; ".join((*useless, *elsewhere)),
    )


def describe(stages: Iterable[Stage], flaw: str) -> list[str]:
    """Describe the place and the fault of each stage."""
    return [f"{stage}, {flaw}" for stage in stages]


def require_shown(plan: PlanTrace, criterion: Criterion) -> None:
    """Raise unless a plan is known to be the one that was shown."""
    if plan.unseen:
        raise criterion.undetermined(plan.unseen)
    criterion.hold(plan.shown, expected="the plan file of an earlier job", observed=plan.said, held=plan.said)
