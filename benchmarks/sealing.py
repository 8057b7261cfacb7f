"""Measures the cost of sealing and verifying a run, with both verifiers, and in-toto beside them.

Run from the root: PYTHONPATH=. python benchmarks/sealing.py [RUN] [--peer]. RUN is a finished run, such as a rehearsal
of all layers, and the script seals a copy; without one, it makes up a run of that size. The exit code says whether the
budgets were kept. With --peer, in-toto 3.1.0 records the same files with their SHA-256, signs that with Ed25519, and
verifies the signature.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import uv
from tests.prodgate.sample_run import ABOUT, CRITERIA
from tests.prodgate.samples import finding
from tests.prodgate.sealing.sealed import NIGHTLY, pem, trust

from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from prodgate.sealing.seals import seal
from prodgate.sealing.statement import SEALING
from prodgate.sealing.verifying import Wanted, check

#: The limit of processor seconds for each.
SEAL, VERIFY = 0.5, 1.0
_ROUNDS = 5
_PEER = """
import sys, time
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from in_toto.runlib import in_toto_run
from securesystemslib.signer import CryptoSigner

signer = CryptoSigner(Ed25519PrivateKey.generate())
record = lambda: in_toto_run("seal", [], [sys.argv[1]], [], signer=signer, use_dsse=True)
times = []
for _ in range(5):
    start = time.process_time()
    made = record()
    sealed = time.process_time()
    made.verify_signature({"keyid": signer.public_key.keyid, **signer.public_key.to_dict()})
    record()  # in-toto compares digests by recording the files again
    times.append((sealed - start, time.process_time() - sealed))
print(*(min(column) for column in zip(*times)))
"""


def main() -> int:
    """Measure, print, and return whether the budgets were kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--peer", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = copy_run(given.run, Path(folder)) if given.run else make_run(Path(folder))
        (Path(folder) / "nightly.pub").write_text(pem(NIGHTLY))
        kept = measure(run, Path(folder) / "nightly.pub")
        if given.peer:
            measure_peer(run)
    return 0 if kept else 1


def copy_run(run: Path, folder: Path) -> Path:
    """Return a copy of a run, without its seal."""
    return shutil.copytree(run, folder / run.name, ignore=shutil.ignore_patterns(*SEALING))


def make_run(folder: Path) -> Path:
    """Return a run of the size of a rehearsal of all layers: 260 files, 12 MB, 6,000 lines in its journal."""
    (folder / "criteria.toml").write_text(CRITERIA, "utf-8")
    run = runs.create(folder / "runs", ABOUT, folder / "criteria.toml", folder / "waivers.toml")
    journal = Journal.of(run)
    journal.record_planned("static", "PG_REC_1", "backup-retention")
    facts = [artifacts.store(run, bytes([number]) * 45_000, ".png") for number in range(250)]
    for digest in facts:
        journal.record_fact("static", "picture", digest[:8], digest, "browser")
    journal.write("collected", layer="static")
    journal.record_started("static", "PG_REC_1")
    for number in range(5_740):
        journal.record_finding(finding(subject=f"aws_rds_cluster.this[{number}]", evidence=(facts[number % 250],)))
    journal.record_finished("static", "PG_REC_1", 5_740)
    runs.close(run)
    return run


def measure(run: Path, key: Path) -> bool:
    """Print the cost and return whether the budgets were kept."""
    files = [path for path in run.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files):,} bytes")
    found = runs.read(run)
    verdict = found.verdict()
    sealed = best(lambda: seal(found, verdict, NIGHTLY))
    verified = best(lambda: check(run, Wanted(signers=[trust(NIGHTLY)])))
    assert check(run, Wanted(signers=[trust(NIGHTLY)])).authentic
    other = best(
        lambda: subprocess.run([sys.executable, run / "verify.py", key, run], capture_output=True, check=False)
    )
    print(f"sealed in {sealed:.3f} s, verified in {verified:.3f} s; by verify.py, as a process, in {other:.3f} s")
    return sealed <= SEAL and verified <= VERIFY


def measure_peer(run: Path) -> None:
    """Print the cost of in-toto for the same files."""
    command = [
        uv.find_uv_bin(),
        "run",
        "--no-project",
        "--with",
        "in-toto==3.1.0",
        "--with",
        "cryptography",
        "python",
        "-c",
        _PEER,
        str(run),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=run.parent)
    sealed, verified = map(float, done.stdout.split())
    print(f"in-toto: recorded and signed in {sealed:.3f} s, verified in {verified:.3f} s")


def best(work: Callable[[], object]) -> float:
    """Return the fewest processor seconds, children included, of some rounds."""
    seconds = []
    for _ in range(_ROUNDS):
        start = sum(os.times()[:4])
        work()
        seconds.append(sum(os.times()[:4]) - start)
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())
