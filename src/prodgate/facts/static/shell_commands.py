"""The commands of a shell script, one by one, whether the script goes on when one fails, and their role in a deploy.

This is not a shell: it understands quotes, comments, here-documents, lists, pipes and substitutions, as workflow
scripts use them. Values of variables and functions are unknown.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Final, Self

#: The start of a here-document: whether it is quoted, the word that ends it, the rest of the line.
_HERE: Final = re.compile(r"(?<!<)<<(?!<)-?[ \t]*(['\"]?)(\w+)\1(.*)")
_TOKEN: Final = re.compile(
    r"""(?P<word>'[^']*'|"(?:\\.|[^"\\])*"|\\.|\d*[<>]&[\d-]?|&>>?)"""
    r"|(?P<comment>(?<![^\s;(])\#[^\n]*)|(?P<separator>\n|;;?|&&|\|\||\|&?|&|[()])"
    r"""|(?P<text>[^\s'"\\#;&|()<>\n]+|.)""",
    re.DOTALL,
)
_FUNCTION: Final = re.compile(
    r"^[ \t]*(?:function[ \t]+[\w:-]+|[\w:-]+[ \t]*\([ \t]*\)[ \t]*+(?:\n[ \t]*+)?\{)", re.MULTILINE
)
_CONDITION: Final = re.compile(r"^(?:if|elif|while|until|!)\s+")
_UNLESS: Final = re.compile(r"^if\s+!\s+")
#: Words that may precede a command without being it.
_WRAPPER: Final = re.compile(
    r"(?:(?:if|elif|while|until|!|then|else|do|\{|sudo|time|exec|command|nohup|env|xvfb-run|bunx)\s+"
    r"|\w+=(?:'[^']*'|\"[^\"]*\"|\S)*+\s+|timeout\s+(?:-\S+\s+)*[\d.]+[smhd]?\s+|pipx\s+run\s+(?:--\S+\s+)*"
    r"|uvx\s+(?:-\S+\s+)*|uv\s+(?:tool\s+)?run\s+(?:-\S+\s+)*|(?:poetry|pdm|pipenv|rye|hatch)\s+run\s+"
    r"|npx\s+(?:-\S+\s+)*|pnpm\s+(?:exec|dlx)\s+|yarn\s+dlx\s+|bundle\s+exec\s+|python[\d.]*\s+(?:-[IBu]\s+)*-m\s+"
    r"|(?:aws-vault|chamber)\s+exec\s+\S+\s+(?:--\s+)?|doppler\s+run\s+(?:\S+\s+)*?--\s+)"
)
#: Ends of groups and loops, and the suffix that makes a failure inside not the script's.
_CLOSED, _LOSES = ("", "}", "fi", "done", "esac"), ("||", "&", "|", "|&")
#: Substitutions of one script that are read, and their maximum depth; nobody writes more.
_MOST, _DEEPEST = 200, 10
#: Commands that end with success whatever failed.
_FORGIVES: Final = re.compile(r"^[ \t]*trap\s[^\n]*\bexit\s+0\b[^\n]*\b(?:EXIT|ERR|0)\s*$", re.MULTILINE)
_FAILS_ANYWAY: Final = re.compile(r"^(?:(?:then|\{)\s+)?(?:exit\s+[1-9]|return\s+[1-9]|false\b)")


#: Labels of `case` on a line of their own, arithmetic, and patterns such as ``@(a|b)``: none of them runs anything.
_PATTERNS: Final = re.compile(
    r"^[ \t]*[\w*?.-]+(?:[ \t]*\|[ \t]*[\w*?.-]+)*\)[ \t]*$|\$\(\([^()`]*\)\)|[@?*+!]\([\w|.*?-]*\)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command, its words separated by one space, without wrappers (``sudo``, ``pipx run`` …)."""

    text: str
    hidden: bool
    """Whether the script continues, or ends with success, although it failed."""
    ordered: bool = True
    """Whether it runs at its place; in a script that defines functions nobody knows."""


def read_commands(script: str, shell: str = "") -> tuple[Command, ...]:
    """Return the commands of a script in their order; ``shell`` is the step's, such as ``bash``.

    >>> [command.text for command in read_commands("set -e; A=1 pipx run tox -e x | tee log # all")]
    ['set -e', 'tox -e x', 'tee log']
    """
    text, _ = lift_here_documents(_mask_expressions(script).replace("\r\n", "\n").replace("\\\n", " "))
    forgives = bool(_FORGIVES.search(text))
    # whether the shell ends a script at the first failing command; GitHub's defaults make it so
    stops = shell in ("", "bash", "sh", "pwsh", "powershell") or bool(re.search(r"\s-\w*e", shell))
    commands = _read(text, _Mode(stops=stops, pipefail=shell == "bash", hidden=forgives))
    return tuple(replace(one, ordered=False) for one in commands) if _FUNCTION.search(text) else tuple(commands)


def lift_here_documents(script: str) -> tuple[str, list[str]]:
    """Return a script without its here-documents, and those in which the shell runs substitutions."""
    lines, kept, inner, at = script.split("\n"), list[str](), list[str](), 0
    ends: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        ends.setdefault(line.strip(" \t"), []).append(number)
    while at < len(lines):
        line = lines[at]
        begun = _HERE.search(line)
        later = ends.get(begun[2], []) if begun else []
        if begun and (place := bisect_right(later, at)) < len(later):
            kept.append(line[: begun.start()] + begun[3])
            if not begun[1]:
                inner.append("\n".join(lines[at + 1 : later[place]]))
            at = later[place]
        else:
            kept.append(line)
        at += 1
    return "\n".join(kept), inner


def drop_patterns(script: str) -> str:
    """Return a script without labels, arithmetic and patterns, whose words would be mistaken for commands."""
    return _PATTERNS.sub("", script)


def _mask_expressions(script: str) -> str:
    """Mask shell syntax in GitHub's expressions, which are not the shell's."""
    first, *parts = script.split("${{")
    for part in parts:
        inner, end, rest = part.partition("}}")
        first += "${{" + (re.sub(r"[\s'\"`|&;()<>#\\]", "·", inner.strip()) if end else inner) + end + rest
    return first


@dataclass(frozen=True, slots=True)
class _Mode:
    """The shell's reaction to a failing command."""

    stops: bool
    pipefail: bool
    hidden: bool = False
    depth: int = 0

    def set(self, words: str) -> Self:
        """Return the mode after a ``set``."""
        errexit = re.search(r"\s([-+])(?:\w*e|o errexit)", words)
        pipefail = re.search(r"\s([-+])\w*o pipefail", words)
        stops = self.stops if errexit is None else errexit[1] == "-"
        return replace(self, stops=stops, pipefail=self.pipefail if pipefail is None else pipefail[1] == "-")


def _read(text: str, mode: _Mode) -> Iterator[Command]:
    text, inner = _lift_substitutions(text) if mode.depth < _DEEPEST else (text, [])
    parts = _split(text)
    last = max((at for at, (words, _) in enumerate(parts) if words), default=0)
    closed = max((at for at, (words, after) in enumerate(parts) if words in _CLOSED and after in _LOSES), default=0)
    for at, (words, _) in enumerate(parts):
        mode = mode.set(words) if words.startswith("set ") else mode
        for number in map(int, re.findall(r"\$\x00(\d+)\x00", words)):
            lost = mode.hidden or not re.fullmatch(rf"\w+=\"?\$\x00{number}\x00\"?", words)
            yield from _read(inner[number], replace(mode, hidden=lost, depth=mode.depth + 1))
        if command := _unwrap(words):
            lost = mode.hidden or at < closed or (at < last and not mode.stops)
            yield Command(command, lost or _is_hidden(parts, at, pipefail=mode.pipefail))


def _unwrap(words: str) -> str:
    begun = 0
    while wrapper := _WRAPPER.match(words, begun):
        begun = wrapper.end()
    return re.sub(r"\$\x00\d+\x00", "$(…)", words[begun:])


def _lift_substitutions(text: str) -> tuple[str, list[str]]:
    """Return the text with a mark in place of each ``$(…)``, and the replaced texts."""
    inner: list[str] = []
    while (start := text.find("$(")) >= 0 and len(inner) < _MOST:
        depth, end = 0, len(text)
        for at in range(start + 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if not depth:
                end = at
                break
        inner.append(text[start + 2 : end])
        text = f"{text[:start]}$\x00{len(inner) - 1}\x00{text[end + 1 :]}"
    return text, inner


def _split(text: str) -> list[tuple[str, str]]:
    """Return the words of each simple command with the separator after it."""
    parts, now = list[tuple[str, str]](), ""
    for token in _TOKEN.finditer(text):
        if token["separator"]:
            parts.append((" ".join(now.split()), token["separator"]))
            now = ""
        elif not token["comment"]:
            now += token[0]
    return [*parts, (" ".join(now.split()), "\n")]


def _is_hidden(parts: Sequence[tuple[str, str]], at: int, *, pipefail: bool) -> bool:
    words, after = parts[at]
    if _CONDITION.match(words):
        block = takewhile(lambda part: part[0] != "fi", islice(parts, at + 1, None))
        return not (_UNLESS.match(words) and _fails(block))
    if after in ("|", "|&"):
        return not pipefail
    if after == "||":
        return not _fails(_rest_of_line(parts, at + 1))
    return after == "&" or (after == "&&" and _goes_on(parts, at + 1))


def _fails(parts: Iterable[tuple[str, str]]) -> bool:
    """Whether one of some commands ends the script as failed."""
    return any(_FAILS_ANYWAY.match(words) for words, _ in parts)


def _rest_of_line(parts: Sequence[tuple[str, str]], start: int) -> Iterator[tuple[str, str]]:
    for part in islice(parts, start, None):
        yield part
        if part[1] == "\n":
            return


def _goes_on(parts: Sequence[tuple[str, str]], start: int) -> bool:
    """Whether anything runs after a list of commands joined by ``&&`` whose first command failed."""
    for at in range(start, len(parts)):
        if parts[at][1] == "||":
            return True
        if parts[at][1] != "&&":
            return any(words for words, _ in islice(parts, at + 1, None))
    return False


# ── The role of a command or an action in a deploy: judge, plan, back up, migrate, shift traffic, watch, roll back

#: Changes of a running system, which wait for a person.
APPLY, MIGRATE, SHIFT, PUBLISH, RUN = "apply", "migrate", "shift", "publish", "run"
CHANGES: Final = (APPLY, MIGRATE, SHIFT, PUBLISH, RUN)
#: Copying DAGs, which needs no person.
DAGS: Final = "DAGs"
#: The gate with all its layers; everything that can be judged before a deployment; one moment of it; other tests of a
#: running system.
JUDGE, PROMOTE, JUDGE_BEFORE, JUDGE_AFTER = "judge", "judge for a promotion", "judge before", "judge after"
TEST, DAG_TEST = "test", "DAG test"
PLAN, BACKUP, SNAPSHOT, BACKUP_WAIT = "plan", "backup", "snapshot", "wait for the snapshot"
WATCH, ROLLBACK, SCAN = "watch", "roll back", "scan"
#: Signing the gate's run; verifying it for the workflow's commit, with all that this takes.
SIGN, VERIFY = "sign", "verify the run"
#: Fails unless a file has the digest that it is given, or is the plan that a run judged.
COMPARE: Final = "compare a file"
#: Opaque: it may do any of the above.
OPAQUE: Final = "opaque"

#: How many characters of a command are examined.
_LONGEST: Final = 4096
#: Tox that runs its environments: no informational command, and no settings other than the file's.
_TOX: Final = (
    r"^tox\b(?!\s+(?:c|config|l|list|d|devenv|de|depends|q|quickstart|e|exec|schema|man)\b)"
    r"(?!.*\s(?:--notest|--listenvs|-l|--showconfig|--help|-h|--version|--override|-x|--skip-env)\b).*\s-e\s*\S*"
)
#: Tox environments whose names promise to only look, including the gate's own.
_TRANSPARENT_TOX: Final = (
    r"(?:lint|format|types?|mypy|docs?|coverage|py\d*|pypy\d*|static|unit|load|dags|faults|e2e|prod-gate|pre-deploy"
    r"|post-deploy|deploy-watch|nightly|sign|verify-run|export-run|(?:un)?bundle-runs|dist|site)\b"
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
#: Kind -> its commands, matched at their beginning unless stated otherwise.
_COMMANDS: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        JUDGE: rf"(?:{_TOX}\b(?:prod-gate|nightly)\b|^prodgate\s+run\b){_WHOLE}",
        PROMOTE: rf"(?:{_TOX}\bprod-gate\b|^prodgate\s+run\b)(?=.*\s--moment[ =]promotion\b)"
        r"(?!.*\s(?:--(?:only|help)|-h)\b)",
        JUDGE_BEFORE: rf"{_TOX}\bpre-deploy\b|^prodgate\s+run\s.*--moment[ =]before\b",
        JUDGE_AFTER: rf"(?:{_TOX}\b(?:post-deploy|prod-gate)\b|^prodgate\s+run\b)"
        r"(?!.*\s(?:--only|--moment[ =](?:before|during|promotion))\b).*(?:aws://|\$)",
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
        r"(?=.*\s--(?:whole|promotes)\b)(?=.*\s--commit[ =][\"']?\$\{?\{?\s*(?:GITHUB_SHA|github\.sha)\b)",
        COMPARE: r"^(?:sha(?:256|384|512)sum|shasum(?=.*\s-a\s*(?:256|384|512)\b))\s(?:.*\s)?(?:-c|--check)\b"
        rf"|(?:{_TOX}\bverify-run\b|^prodgate\s+verify\s).*\s--plan[ =]",
        OPAQUE: rf"{_TOX}(?<![\w-])(?!{_TRANSPARENT_TOX})[a-z]"
        r"|^tox\s+(?:e|exec)\s|^(?:make|just|task|mage|nx|turbo|nox|invoke|fab|ansible-playbook|ssh|eval|act|earthly|dagger)\s"
        r"|^(?:npm|pnpm|yarn|bun)\s+(?!ci\b|i\b|install\b|add\b|audit\b|config\b|cache\b|version\b)\S"
        r"|^(?:\./|\.\./|/)?[\w.-]*/\S+|^(?:bash|sh|zsh|node|deno|ruby|perl|php|python[\d.]*)\s+(?!-[VhvIm]|--version)\S"
        r"|^docker(?:-compose)?\s+(?:compose\s.*)?(?:run|exec)\s|^[\"']?\$(?!\{\{env\.|\(…\)$)(?!.*\s(?:[=!]=|=~|-(?:eq|ne|gt|lt))\s)|^(?:source|\.)\s+(?!\S*activate)",
    }.items()
}
#: Kind -> its actions; actions of ``actions/`` and the like are known to have none of these kinds.
_ACTIONS: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        SHIFT: r"aws-actions/amazon-ecs-deploy|appleboy/ssh-action|azure/k8s-deploy|einaregilsson/beanstalk-deploy",
        APPLY: r"aws-actions/aws-cloudformation-github-deploy|dflook/(?:terraform|tofu)-apply|pulumi/actions",
        PLAN: r"dflook/(?:terraform|tofu)-plan",
        SCAN: r"aquasecurity/trivy|github/codeql|bridgecrewio/checkov",
    }.items()
}
#: The gate's own action, and its workflow for others.
_GATE: Final = re.compile(r"[\w.-]+/prod-gate(?:/\.github/workflows/reusable-gate\.yml)?@")
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
    """Yield the kinds of one command; a known command is not opaque."""
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
    """Yield the kinds of an action without readable steps. An unknown one is opaque."""
    known = [kind for kind, pattern in _ACTIONS.items() if pattern.match(uses)]
    yield from known
    if _GATE.match(uses):
        whole = inputs.get("only") == "" and {"": JUDGE, "promotion": PROMOTE}.get(inputs.get("moment", ""))
        known = [whole or SCAN]
        yield from known
    if SHIFT in known and inputs.get("wait-for-service-stability") == "true":
        yield WATCH
    if not known and not _HARMLESS.match(uses):
        yield OPAQUE
