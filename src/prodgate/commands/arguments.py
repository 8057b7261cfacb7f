"""The commands and their arguments, which --help shows: nothing else of the package is imported for them.

An option that several commands take is declared once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias

from ..processes.interpreter import VARIABLES

#: Adds an argument to a parser, or to a group of one.
Argument: TypeAlias = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``run`` names the function that carries it out, as seen from the package."""

    name: str
    run: str
    help: str
    arguments: tuple[Argument, ...]
    rests: tuple[tuple[str, str, tuple[object, ...]], ...] = ()
    """An argument, another one, and the values of that (any, if none is named) with which alone the first counts."""


def find_idle(given: Any, rests: tuple[tuple[str, str, tuple[object, ...]], ...]) -> str:
    """Return which argument was given and changes nothing, and why; nothing when each counts."""
    for one, other, values in rests:
        there = getattr(given, other)
        if getattr(given, one) and (there not in values if values else not there):
            option, wanted = f"--{one.replace('_', '-')}", " or ".join(map(str, filter(None, values)))
            if wanted:
                return f"{option}: changes nothing with {there}, only with {wanted}; leave it out"
            return f"{option}: changes nothing {'with' if there else 'without'} --{other}; leave it out"
    return ""


def find_unknown(environment: Iterable[str]) -> str:
    """Return which variable the gate would read if it were spelt otherwise, and how; nothing if there is none."""
    from ..criteria import suggest  # noqa: PLC0415  --help needs nothing of the package

    unknown = sorted(name for name in environment if name.startswith("PRODGATE_") and name not in VARIABLES)
    hints = (
        f"{each}: is no variable of the gate{suggest(each, VARIABLES)}; correct it, or unset it" for each in unknown
    )
    return next(hints, "")


def take(*names: str, **settings: Any) -> Argument:
    """Declare an argument with a value, as ``add_argument`` takes it."""
    return lambda parser: parser.add_argument(*names, **settings)


def flag(*names: str, **settings: Any) -> Argument:
    """Declare an option without a value."""
    return take(*names, action="store_true", **settings)


def path(*names: str, **settings: Any) -> Argument:
    """Declare an argument that is a path."""
    return take(*names, type=Path, **settings)


def several(*names: str, **settings: Any) -> Argument:
    """Declare an option that may be repeated."""
    return take(*names, action="append", default=[], **settings)


def one_of(*among: Argument, required: bool = False) -> Argument:
    """Declare options of which one may be given, or must be."""

    def add(parser: Any) -> None:
        group = parser.add_mutually_exclusive_group(required=required)
        for each in among:
            each(group)

    return add


_RUN: Final = path("run", help="a run directory, or a bundle")
_CRITERIA: Final = path("--criteria", default=Path("criteria.toml"), help="what must hold (default: criteria.toml)")
_WAIVERS: Final = path("--waivers", help="accepted risks (default: waivers.toml beside the criteria)")
_RUNS: Final = path("--runs", default=Path("runs"), help="where run directories go (default: runs)")
_QUIET: Final = flag("--quiet", help="say nothing until the verdict, but what is wrong")
_JSON: Final = flag("--json", help="print the outcome as JSON")
_OUTPUT: Final = path("--output", metavar="FILE", help="write it there instead of printing it")
_VIA: Final = take("--via", metavar="aws://PROFILE@REGION", required=True, help="with whose credentials, and where")
_VAR_FILE: Final = several("--var-file", type=Path, help="variable file; may be repeated")
_INSTALL: Final = flag(
    "--install",
    help="install Chromium and HAProxy where they are needed and missing; goes without saying in CI and in containers",
)
_LOAD: Final = take("--i-am-allowed-to-load", metavar="HOST", default="", help="put this host under load")
_LOAD_RECORD: Final = take(
    "--load-record", metavar="FOLDER|URL", default="",
    help="let other machines make the load: write its settings into FOLDER/PROFILE, and await record.json there; "
    "with a URL, fetch it, and leave the settings in the run",
)  # fmt: skip
_LOAD_BESIDE: Final = take("--i-am-allowed-to-load", metavar="HOST", default="", help="send requests to this host, too")
_SIGNING_KEY: Final = take(
    "--signing-key", metavar="KEY", default="",
    help="private key in PEM that signs the run: a file, or awskms:///alias/… (default: $PRODGATE_SIGNING_KEY)",
)  # fmt: skip
#: What is looked at, and how much of it.
_TARGET: Final = (
    take(
        "target", nargs="?", default="rehearsal://",
        help="rehearsal:// (default), aws://PROFILE@REGION, aws://REGION with the environment's credentials, or "
        "https://HOST[:PORT], a site without an account; observe also takes a cell, ACCOUNT/REGION/LAYER",
    ),
    take("--only", metavar="LAYERS", help="judge these layers only, e.g. static,live"),
    take(
        "--moment", choices=("before", "during", "after", "promotion"), default="",
        help="judge one checklist of a release only: what must hold before, during or after its deployment; "
        "promotion: all that can be asked of a real target before a deployment, on which verify --promotes rests",
    ),
    _INSTALL,
    _LOAD,
    _LOAD_RECORD,
    take(
        "--i-am-allowed-to-attack", metavar="HOST", default="",
        help="send attack strings to this host, after all else, where waf-refuses-attacks asks",
    ),
)  # fmt: skip
#: By what a run is judged, where it goes, and who signs it.
_JUDGED: Final = (_CRITERIA, _WAIVERS, _QUIET, _RUNS, _SIGNING_KEY, _JSON)
#: The signers that count.
_TRUST: Final = (
    several(
        "--key", type=Path, metavar="FILE",
        help="public key whose signature counts, beside [evidence] signers of the criteria; may be repeated",
    ),
    take(
        "--identity", metavar="WHO", default="",
        help="identity of a keyless signer that counts, as in Sigstore's certificate; needs --issuer",
    ),
    take("--issuer", metavar="URL", default="", help="issuer of that identity"),
    take(
        "--repository", metavar="URL", default="",
        help="the repository whose run it must be, signed there (default: the one that holds the workflow)",
    ),
    path(
        "--trusted-root", metavar="FILE",
        help="keys of the instance of Sigstore (default: those of the public one, as last fetched)",
    ),
    flag("--fetch-root", help="fetch the keys of Sigstore's public instance first; else nothing is fetched"),
    flag("--unsigned", help="do not ask for a signature"),
)  # fmt: skip
#: Values that ``attest`` writes into a record.
_RECORD: Final = (
    "statement", "name", "role", "second_name", "second_role", "when", "valid_until", "document", "run", "link",
    "rehearsal", "overwrite",
)  # fmt: skip
COMPARING: Final = "check-no-new-access"

COMMANDS: Final = (
    Command(
        "run", "commands.running.run", "observe a target, judge it, and give one verdict with a report",
        (*_TARGET, flag("--compare", help="say what changed since the last run in the same folder"), *_JUDGED),
    ),
    Command(
        "observe", "commands.running.observe", "observe a target and store the facts, to be judged later",
        (
            *_TARGET,
            path("--cells", metavar="FILE", help="the target is a cell of this list, and judged"),
            *_JUDGED,
        ),
    ),
    Command(
        "judge", "commands.running.judge",
        "judge the facts of an earlier run again, by today's criteria",
        (_RUN, *_JUDGED),
    ),
    Command(
        "report", "commands.running.report", "write the reports of a run again, even of one that was cut off",
        (_RUN, path("--pdf", metavar="FOLDER", help="print the reports with Chromium into this folder"), _JSON),
    ),
    Command(
        "diff", "commands.kept.diff", "say what changed from one run to another",
        (
            path("before", help="the earlier run directory, or its bundle"),
            path("after", help="the later run directory, or its bundle"),
            take("--format", choices=("text", "markdown", "html", "json"), default="text"),
            take("--language", choices=("en", "ja"), default="en", help="of the page (--format html)"),
            _OUTPUT,
        ),
    ),
    Command(
        "export", "commands.kept.export", "write a run in a format that others read",
        (
            _RUN,
            take("--format", choices=("sarif", "junit", "github", "oscal", "ocsf", "asff", "json"), required=True),
            _OUTPUT,
        ),
    ),
    Command(
        "history", "commands.kept.history", "make a page of the runs in a folder: nights, criteria, figures",
        (
            path("folder", nargs="?", default=Path("runs"), help="where the runs are (default: runs)"),
            take("--until", type=date.fromisoformat, metavar="DAY", help="show days as missing until this one"),
            path(
                "--output", metavar="FILE",
                help="default: history.html in the folder; the Japanese page is beside it",
            ),
        ),
    ),
    Command(
        "archive", "commands.sending.archive", "keep a run in a bucket with Object Lock, where nobody can change it",
        (
            _RUN,
            take("bucket", metavar="s3://BUCKET/PREFIX", help="where it goes; the bucket must have Object Lock"),
            take("--days", type=int, default=400, help="how long nobody may delete it (default: 400)"),
            take("--mode", choices=("COMPLIANCE", "GOVERNANCE"), default="COMPLIANCE", help="of the lock"),
            _VIA,
        ),
    ),
    Command(
        "restore", "commands.sending.restore", "bring a run back from its archive, and check it",
        (
            take("archive", metavar="s3://BUCKET/PREFIX/RUN", help="the archived run"),
            path("into", nargs="?", default=Path("runs"), help="a folder (default: runs)"),
            _VIA,
        ),
    ),
    Command(
        "publish", "commands.sending.publish", "import the findings of a run into AWS Security Hub", (_RUN, _VIA),
    ),
    Command(
        "notify", "commands.sending.notify", "tell that a run's verdict is not that of the run before it",
        (
            path("run", help="a run directory; the run before it is in the same folder"),
            one_of(
                take("--webhook", metavar="env:NAME", help="of Slack's kind, its URL in that environment variable"),
                take("--topic", metavar="ARN", help="a topic of SNS"),
                required=True,
            ),
            take("--via", metavar="aws://PROFILE@REGION", help="with whose credentials the topic is told"),
        ),
        rests=(("via", "topic", ()),),
    ),
    Command(
        "check", "commands.check_command.check", "judge any Terraform root, tree or plan.json by policies",
        (
            path("path", help="a directory with Terraform, or a plan.json"),
            _VAR_FILE,
            several("--var", metavar="NAME=VALUE", help="set a variable of the root"),
            several("--modules", type=Path, metavar="DIR", help="holds modules by name"),
            take("--workspace", default="", metavar="NAME", help="what terraform.workspace is"),
            path("--source", metavar="DIR", help="the root that a plan.json was made from"),
            path("--criteria", help="judge by these (default: good practice for any team)"),
            path("--waivers", help="accepted risks (default: none)"),
            flag("--explain", help="say why each finding matters, and who asks for it"),
            flag("--json", help="the same as --format json"),
            take("--format", choices=("text", "json", "sarif", "junit", "github"), default="text"),
            path("--output", metavar="FILE", help="write SARIF, JUnit or annotations there"),
            take(
                "--changed", metavar="BASE",
                help="show what is worse than at this revision of git; main... is where the branch left main",
            ),
        ),
        rests=(("explain", "format", ("text",)), ("explain", "json", (False,))),
    ),
    Command(
        "criteria", "commands.handlers.criteria", "list the criteria that come with the gate, and what judges them",
        (take("--layer", metavar="LAYERS", help="of some layers only, such as load,e2e"), _JSON),
    ),
    Command(
        "explain", "commands.handlers.explain", "explain why a criterion, policy or check matters and what to write",
        (
            take("id", help="id of a criterion or a policy, or name of a check"),
            path("--criteria", help="default: criteria.toml"),
        ),
    ),
    Command(
        "trace", "commands.handlers.trace", "show which requirement leads to which criteria, policies and checks",
        (flag("--check", help="exit 1 when something leads nowhere"), _CRITERIA, _JSON),
    ),
    Command(
        "test", "commands.policy_examples.test",
        "see whether your policies say of their examples what these say",
        (_CRITERIA,),
    ),
    Command(
        "iam-policy", "commands.handlers.iam_policy",
        "print the least-privilege IAM policy of the role the gate reads with",
        (
            path("--criteria", default=Path("criteria.toml"), help="whose facts/ count, too"),
            several(
                "--bucket", metavar="NAME",
                help="a bucket whose files are read, as that of Airflow's DAGs; may be repeated",
            ),
            several(
                "--key", metavar="ARN",
                help="a customer's key that encrypts such a bucket, a secret or a queue; may be repeated",
            ),
            several(
                "--queue", metavar="NAME", help="a dead-letter queue that drill dag searches; may be repeated"
            ),
            one_of(
                flag("--drill", help="print the separate policy that drills need"),
                path("--managed", metavar="FOLDER", help="write it there as managed policies that fit"),
            ),
        ),
    ),
    Command(
        "seal", "commands.kept.seal",
        "seal a finished run anew, such as to sign it in a job that runs no code of a team",
        (
            path("run", help="a run directory, or a bundle, which is packed anew"),
            _SIGNING_KEY,
            flag("--keyless", help="sign without a key, by Sigstore, as the job of GitHub Actions that this runs in"),
            path(
                "--trust-config", metavar="FILE",
                help="client trust config of the instance of Sigstore that --keyless asks (default: the public one)",
            ),
            take(
                "--timestamp", metavar="URL", default="",
                help="let this authority stamp the time of the seal (RFC 3161), such as http://timestamp.digicert.com",
            ),
        ),
        rests=(("trust_config", "keyless", ()),),
    ),
    Command(
        "bundle", "commands.kept.bundle", "pack each run into one file, the same bytes every time",
        (
            path("runs", nargs="+", metavar="run", help="a run directory, or a folder of runs"),
            path(
                "--to", metavar="FILE",
                help="or the folder of the files; default: beside each run, named after it",
            ),
        ),
    ),
    Command(
        "unbundle", "commands.kept.unbundle", "take bundles apart, each beside itself",
        (path("bundles", nargs="+", metavar="bundle", help="a bundle, or a folder of bundles"),),
    ),
    Command(
        "verify", "commands.kept.verify", "say whether a sealed run is what was sealed, by whom, and its verdict",
        (
            path("run", help="a run directory, a bundle, or a folder of runs"),
            *_TRUST,
            several(
                "--tsa", type=Path, metavar="FILE",
                help="certificates, in PEM, of an authority that must have stamped the time of the seal; may be "
                "repeated",
            ),
            path("--criteria", help="whose signers count, and which system it must be about"),
            take("--commit", metavar="SHA", default="", help="which commit it must be about, in full"),
            path("--plan", metavar="FILE", help="which plan it must have judged, as `terraform show -json` writes it"),
            take("--max-age", metavar="TIME", help="how old what it rests on may be, e.g. 24h"),
            take("--target", metavar="URL", default="", help="which target it must be about"),
            flag(
                "--whole", help="ask for a run of all that its criteria ask, and of each layer that --criteria asks"
            ),
            flag("--promotes", help="ask for a verdict that allows a promotion"),
            several(
                "--begins", metavar="RUN",
                help="a run that a folder is known to begin with; may be repeated, for other targets",
            ),
            _JSON,
        ),
    ),
    Command(
        "cells", "commands.kept.cells", "list the accounts, regions and layers that are observed one by one",
        (
            path("--to", metavar="FILE", help="write the list there, and print its SHA-256"),
            flag("--rehearsal", help="let each be rehearsed; no promotion rests on it"),
            _CRITERIA,
            _WAIVERS,
        ),
    ),
    Command(
        "merge", "commands.kept.merge", "give one verdict over the runs of all cells, and seal it",
        (
            path("run", nargs="*", help="run directories, bundles, or folders of them"),
            path("--cells", metavar="FILE", required=True, help="the list that was written first"),
            _RUNS,
            *_TRUST,
            _JSON,
            _SIGNING_KEY,
            _CRITERIA,
            _WAIVERS,
        ),
    ),
    Command(
        "attest", "commands.attesting.attest", "record what people say of a criterion; list what is due",
        (  # what is left out is asked for in a terminal
            take("criterion", nargs="?", help="id of the criterion that somebody stands for"),
            flag("--due", help="list what is missing, changed, or soon out of force instead"),
            take("--within", metavar="TIME", help="how soon is soon (default: due of [attested], 30 d)"),
            take("--target", default="rehearsal://", help="what --due asks for (default: rehearsal://)"),
            take("--statement", help="what was looked at and found"),
            take("--name", help="who stands for it (default: git's user)"),
            take("--role"),
            take("--second-name", help="another person who stands for it"),
            take("--second-role"),
            take("--when", metavar="TIME", help="with its zone, e.g. 2026-11-27T09:30+09:00 (default: now)"),
            take("--valid-until", metavar="TIME", help="default: as long as the criterion allows"),
            several("--document", metavar="PATH", help="what was looked at, too; may be repeated"),
            several("--run", metavar="ID", help="what was looked at, too; may be repeated"),
            several("--link", metavar="URL", help="what was looked at, too; may be repeated"),
            flag("--rehearsal", help="made for rehearsals: never counts on a real account"),
            flag("--overwrite", help="put it in the place of an earlier record"),
            _CRITERIA,
            path("--runs", default=Path("runs"), help="where cited runs are (default: runs)"),
        ),
        rests=(
            ("within", "due", ()),
            *((one, "due", (False,)) for one in _RECORD),
        ),
    ),
    Command(
        "watch", "commands.watching.watch", "follow a deployment to its end, and keep the record for the next run",
        (
            take(
                "what", choices=["deploy", "migration"],
                help="what to watch: a deployment, until its clean-up is over; or the next migration, which the "
                "pipeline is made to fail",
            ),
            take(
                "named", nargs="+", metavar="ID|TARGET",
                help="aws://PROFILE@REGION or aws://REGION, and ids of deployments: CodeDeploy's, or ARNs of ECS",
            ),
            flag("--latest", help="watch the newest deployment of every service"),
            flag("--next", help="wait for the next deployment of every service, and watch it"),
            several(
                "--service", metavar="NAME",
                help="with --latest or --next: of this service alone; may be repeated",
            ),
            _LOAD_BESIDE,
            _CRITERIA,
            path("--runs", default=Path("runs"), help="the record goes to watches/ in it (default: runs)"),
            _JSON,
        ),
    ),
    Command(
        "iam", "commands.permitting.permissions", "prove what principals can and cannot do",
        (
            take(
                "words", nargs="+", metavar=f"PATH | aws://PROFILE@REGION | RUN | {COMPARING} OLD NEW",
                help="a Terraform root, plan.json, account or kept run, whose principals are asked what they can "
                "reach; or two policy documents: prove that NEW grants nothing that OLD does not (exit code 0), or "
                "show what (1)",
            ),
            _VAR_FILE,
            take("--who-can", nargs=2, metavar=("ACTION", "RESOURCE"), help="print who can do that, and by what"),
            flag("--idle", help="print the statements that can never grant, and why"),
            take(
                "--least", metavar="ROLE",
                help="print what of a role's rights nothing uses, what it lacks, and the least policy that would do",
            ),
            path(
                "--criteria", default=Path("criteria.toml"),
                help="for --least: the file that says what a role uses",
            ),
            take(
                "--fail-on", choices=("yes", "undetermined"),
                help="end with exit code 1 if a principal does (or holds what never grants); with undetermined, also "
                "with 2 if that is not known of one",
            ),
            _JSON,
        ),
    ),
    Command(
        "drill", "drills.command.drill", "prove that something works by making it happen once",
        (
            take(
                "what", choices=["alarm", "dag", "rollback", "recover"],
                help="what to try: an alarm, which is made to fire for a moment, the canary DAG, which is made to "
                "fail, or whether releases that must not stay are taken back; recover takes back what a drill left "
                "that was killed",
            ),
            take("name", nargs="?", default="", help="the name of the alarm or of the DAG"),
            take(
                "target", nargs="?", default="rehearsal://",
                help="rehearsal:// (default) or aws://PROFILE@REGION",
            ),
            flag("--yes-change-alarm-state", help="needed where people will be told"),
            flag("--yes-fail-on-purpose", help="needed for a DAG, of which people will be told"),
            flag("--yes-deploy-bad-builds", help="needed where readers may meet a bad build"),
            several(
                "--build", nargs=3, metavar=("BUILD", "SERVICE", "REVISION"),
                help="the task definition that is deployed to a service as this build; one for each build and service",
            ),
            _LOAD_BESIDE,
            _CRITERIA,
            path("--runs", default=Path("runs"), help="the record goes to drills/ in it (default: runs)"),
            take(
                "--patience", type=float, metavar="SECONDS",
                help="how long to wait for notifications (default: 60), or for a DAG's runs to end (default: 900)",
            ),
            _JSON,
        ),
        rests=(
            ("yes_change_alarm_state", "what", ("alarm",)),
            ("yes_fail_on_purpose", "what", ("dag",)),
            *((one, "what", ("rollback",)) for one in ("yes_deploy_bad_builds", "build", "i_am_allowed_to_load")),
            ("patience", "what", ("alarm", "dag")),
        ),
    ),
    Command(
        "init", "commands.initializing.initialize", "look at a repository, and write a first criteria.toml",
        (
            path("directory", nargs="?", default=Path(), help="the repository (default: here)"),
            flag("--dry-run", help="print what would be written, and write nothing"),
        ),
    ),
    Command(
        "rehearsal", "commands.rehearsing.list_types", "list the types of resources that a rehearsal creates",
        (
            take("what", choices=("types",), help="what is listed"),
            path("path", nargs="?", help="a Terraform root: say which of its resources it can't have"),
            _JSON,
        ),
    ),
    Command(
        "setup", "commands.handlers.setup", "make ready what the layers need; list what is ready",
        (
            _INSTALL,
            _JSON,
            one_of(
                path("--keep", metavar="DIR", help="download into a folder what another machine needs"),
                path("--offline", metavar="DIR", help="install from such a folder, and ask no registry"),
            ),
            take(
                "--digest", default="",
                help="with --offline: what --keep said of the contents, carried by another way",
            ),
        ),
        rests=(("digest", "offline", ()),),
    ),
)  # fmt: skip
