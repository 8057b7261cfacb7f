"""The statement of a seal: in-toto, about every file of a run, with a summary for a run that allows a promotion.

Sources: in-toto Statement v1 and its predicate "test result" v0.1 (https://github.com/in-toto/attestation/tree/main/spec),
SLSA verification summary v1 (https://slsa.dev/spec/v1.1/verification_summary). Neither has a third verdict, so
INSUFFICIENT EVIDENCE is FAILED there, and the gate's own verdict is under a separate key.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..evidence.artifacts import FOLDER, NO_FILE, digest_file, list_paths
from ..evidence.runs import Run
from ..findings import Outcome
from ..verdict import Decision, Ruling, Verdict

# ── The files of a sealed run, and those that seal it

#: The envelope with the statement over every other file of the run.
SEAL: Final = "seal.dsse.json"
#: The envelope with the verification summary of a run that allows a promotion.
SUMMARY: Final = "summary.dsse.json"
#: An authority's time stamp of the seal, as in RFC 3161.
TIME_STAMP: Final = "seal.tsr"
#: Sigstore's bundle with the seal's signature without a key.
BUNDLE: Final = "seal.sigstore.json"
#: The same of the summary.
SUMMARY_BUNDLE: Final = "summary.sigstore.json"
#: Files that stand for others and that no statement covers.
SEALING: Final = frozenset({SEAL, SUMMARY, TIME_STAMP, BUNDLE, SUMMARY_BUNDLE})
#: The verifier of another hand: whether the run is what was signed, and whether that follows from it.
VERIFIERS: Final = ("verify.py", "derive.py")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The path, size and digest of a file."""

    sha256: str
    size: int
    """Bytes."""


def digest_files(run: Path) -> Mapping[str, FileDigest]:
    """Return every file of a run but those that seal it, by its path in the run."""
    return {name: _digest(path) for name, path in list_paths(run) if name not in SEALING}


def _digest(path: Path) -> FileDigest:
    sha256 = digest_file(path)
    return FileDigest(sha256, 0 if sha256 == NO_FILE else path.stat().st_size)


# ── The statement

STATEMENT: Final = "https://in-toto.io/Statement/v1"
#: The gate's own key in a predicate whose form is another's.
OWN: Final = "prodgate"
#: The verified level in a summary: the highest that the gate gives.
LEVEL: Final = "PRODGATE_GO"

#: A commit in full, by SHA-1 or SHA-256.
COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LISTS: Final[Mapping[str, frozenset[Outcome]]] = {
    "passedTests": frozenset({Outcome.SATISFIED}),
    "warnedTests": frozenset({Outcome.WAIVED}),
    "failedTests": frozenset({Outcome.NOT_SATISFIED, Outcome.UNDETERMINED}),
}


@dataclass(frozen=True, slots=True)
class Before:
    """The run before of the same system and target."""

    run: str
    seal: str
    """SHA-256 of what its seal says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The fields of a seal that do not follow from the run."""

    at: datetime
    before: Before | None = None
    """None for the first run of a system and target in its folder."""
    replaces: tuple[str, ...] = ()
    """SHA-256 of what earlier seals of the same run said."""


def make_statement(run: Run, verdict: Verdict, files: Mapping[str, FileDigest], sealing: Sealing) -> dict[str, Any]:
    """Return the statement about a finished run. Pure: the same run at the same time gives the same."""
    tests = {key: _list_questions(verdict.rulings, outcomes) for key, outcomes in _LISTS.items()}
    passed = verdict.decision is Decision.GO
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": file.sha256}, "annotations": {"bytes": file.size}}
            for name, file in files.items()
        ],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": ("WARNED" if tests["warnedTests"] else "PASSED") if passed else "FAILED",
            "configuration": _list_configuration(run),
            **tests,
            OWN: {
                **_describe(run, verdict),
                "before": {"run": sealing.before.run, "seal": sealing.before.seal} if sealing.before else None,
                "replaces": list(sealing.replaces),
                "sealed": sealing.at.isoformat(),
            },
        },
    }


def _list_questions(rulings: Iterable[Ruling], outcomes: frozenset[Outcome]) -> list[str]:
    found = (ruling for ruling in rulings if ruling.outcome in outcomes and not ruling.deferred)
    return [f"{ruling.layer}/{ruling.criterion.id}" for ruling in found]


def _list_configuration(run: Run) -> list[dict[str, Any]]:
    digests = [run.about["criteria"], *run.about.get("included", {}).values(), run.about["waivers"]]
    return [
        {"name": f"{FOLDER}/{digest}.toml", "digest": {"sha256": digest}} for digest in dict.fromkeys(map(str, digests))
    ]


def _describe(run: Run, verdict: Verdict) -> dict[str, Any]:
    about = run.about
    return {
        "run": run.name,
        "verdict": str(verdict.decision),
        "promotes": verdict.promotes,
        "deferred": verdict.deferred,
        **{key: about[key] for key in ("system", "target", "rehearsal", "layers")},
        "commit": str(about.get("commit") or ""),
        "moment": str(about.get("moment") or ""),
        "started": about["started"],
        "finished": run.finished.isoformat() if run.finished else "",
        "observed": [at.isoformat() for at in run.observed() or ()],
        "head": run.head,
        "version": str(about.get("versions", {}).get("prod-gate", "")),
    }


def make_summary(statement: Mapping[str, Any], seal: str) -> dict[str, Any] | None:
    """Return the verification summary of a run, whose seal says ``statement`` and has that SHA-256.

    None where nothing may be promoted: after a rehearsal, a part of a run, anything but GO, or of no commit.
    """
    own, configuration = statement["predicate"][OWN], statement["predicate"]["configuration"]
    if own["promotes"] is not True or own["rehearsal"] is not False or not COMMIT.fullmatch(own["commit"]):
        return None
    return {
        "_type": STATEMENT,
        "subject": [{"name": own["system"], "digest": {"gitCommit": own["commit"]}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": f"pkg:pypi/prod-gate@{own['version']}", "version": {"prod-gate": own["version"]}},
            "timeVerified": own["sealed"],
            "resourceUri": own["target"],
            "policy": {"uri": configuration[0]["name"], "digest": configuration[0]["digest"]},
            "inputAttestations": [{"uri": SEAL, "digest": {"sha256": seal}}],
            "verificationResult": "PASSED",
            "verifiedLevels": [LEVEL],
        },
    }
