import tomllib
from importlib import resources
from pathlib import Path

import pytest

from .judged_texts import excused_in, filled, list_texts, named_in, stated_in, texts_of, without_names

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "prodgate"
CHECKOV = SOURCES / "engines" / "checkov_criteria.toml"
SITE = ("api", "application", "defects", "logs", "migrating", "pages", "readers", "rendering")
JUDGEMENT = (
    "criteria",
    "verdict",
    "waivers",
    "findings",
    "estimates",
    "judgement",
    "checks",
    "comparing",
    "faults",
    "quantities",
)
#: Of src/prodgate, from what no words of ours come into a page of a run -> what it is; every other text has a message.
SILENT = {
    "__init__.py": "a docstring",
    "cli.py": "the terminal",
    "commands": "the terminal, before a run and after it",
    "dag_files/guesses.py": "the terminal",
    "engines/carrying.py": "the terminal",
    "run/telling.py": "the terminal",
    "testing.py": "for the tests of a team",
    "statistics.py": "numbers alone",
    "report": "the pages themselves, whose words are in catalogue.toml and pages.toml",
    "rehearsal/__main__.py": "the terminal",
    "rehearsal/airflow/sources.py": "a source of news",
    "rehearsal/authority.py": "a certificate",
    "rehearsal/edge.py": "what CloudFront says",
    "rehearsal/edge_certificate.py": "a certificate",
    "rehearsal/edge_firewall.py": "what AWS WAF says",
    "rehearsal/emulator": "what AWS says",
    "rehearsal/provider": "a provider, whose words Terraform repeats",
    "rehearsal/proxy.py": "a proxy, whose words botocore repeats",
    "rehearsal/rollout/controller.py": "what CodeDeploy says",
    "rehearsal/rollout/proxy_config.py": "what HAProxy is told",
    "rehearsal/rollout/rollback.py": "what CodeDeploy says",
    "rehearsal/rollout/schema.py": "what ECS says",
    "rehearsal/rollout/targets.py": "what a load balancer says",
    "rehearsal/seed": "what AWS says of the past",
    "rehearsal/site/__main__.py": "the terminal",
    **{f"rehearsal/site/{name}.py": "a site, its API and its log" for name in SITE},
    "terraform/examples.py": "the terminal",
    "terraform/provider/__main__.py": "the terminal",
    "terraform/provider/utility_providers.py": "schemas",
    "terraform/provider/wire.py": "schemas",
}


def speaking(name: str) -> list[Path]:
    """Return the modules of a folder, or the module, from which words of ours may come into a page."""
    path = SOURCES / name
    found = path.rglob("*.py") if path.is_dir() else [path]
    return sorted(
        file
        for file in found
        if not {str(each.relative_to(SOURCES)) for each in (file, *file.parents[: -len(SOURCES.parents)])} & {*SILENT}
    )


FOLDERS = (
    "facts", "layers", "semantics", "dags", "probes", "load", "aws", "migrations", "evidence", "airflow", "browser",
    "canaries", "collected", "dag_files", "drills", "engines", "processes", "rehearsal", "run", "sections", "terraform",
)  # fmt: skip
#: File of messages -> the texts that have one, each with its place; what is in an earlier file is not said again.
WHOLE = {
    "criteria": stated_in(
        [*sorted((ROOT / "criteria").glob("*.toml")), ROOT / "criteria.toml", SOURCES / "sections" / "permissions.toml"]
    ),
    "policies": texts_of(ROOT / "policies"),
    "suites": texts_of(ROOT / "suites"),
    "journeys": texts_of(ROOT / "e2e") | texts_of(ROOT / "loadtests"),
    "judgement": texts_of(*(SOURCES / f"{name}.py" for name in JUDGEMENT)),
    "checkov": texts_of(SOURCES / "engines" / "checkov_findings.py") | excused_in(CHECKOV),
    "iam": texts_of(SOURCES / "iam") | named_in(SOURCES / "iam" / "paths.toml"),
    "sealing": texts_of(SOURCES / "sealing") | texts_of(SOURCES / "signatures"),
    **{name: texts_of(*speaking(name)) for name in FOLDERS},
}
KNOWN = {
    without_names(english): file.name.removesuffix(".toml")
    for file in resources.files("prodgate.report").joinpath("messages", "ja").iterdir()
    for english in tomllib.loads(file.read_text("utf-8"))
}
SOURCE = '''
"""A module that says nothing by this."""
PATTERN = r"[a-z] \\d"

@policy("X", remedy="Set it to {} or less.")
def name(found, criterion):
    """Neither does this."""
    criterion.hold(found, expected="a lock", observed="unprotected")
    criterion.hold(found, expected=f"{found:>9} of {len(found)} have a lock", observed=f"{found.x}.y")
    criterion.hold(found, expected=f"{found or 'no'} locks of {found.name}", observed=f"saw {found.x if found else 'none'} here")
    raise criterion.undetermined("missing", observed=found["a key"])
'''


def test_finds_what_a_judgement_can_say() -> None:
    assert set(list_texts(SOURCE)) == {
        "Set it to {{}} or less.", "a lock", "unprotected", "{} of {} have a lock", "missing", "a key",
        "{} locks of {}", "no locks of {}", "saw {} here", "saw none here", "none",
    }  # fmt: skip


def test_every_module_has_messages_or_says_nothing_on_a_page() -> None:
    spoken = {*FOLDERS, "iam", "sealing", "signatures", *(f"{name}.py" for name in JUDGEMENT)}
    modules = {path.relative_to(SOURCES).parts[0] for path in SOURCES.rglob("*.py")}
    assert modules == spoken | {name for name in SILENT if "/" not in name}
    assert all((SOURCES / name).exists() for name in SILENT)


@pytest.mark.parametrize("name", WHOLE)
def test_every_text_of_ours_has_a_message(name: str) -> None:
    missing = {text: place for text, place in WHOLE[name].items() if not KNOWN.keys() & {text, filled(text)}}
    assert not missing, f"add them to src/prodgate/report/messages/ja/{name}.toml"


@pytest.mark.parametrize("name", WHOLE)
def test_no_message_is_left_of_a_text_that_went(name: str) -> None:
    texts = {each for text in WHOLE[name] for each in (text, filled(text))}
    assert not [english for english, file in KNOWN.items() if file == name and english not in texts]
