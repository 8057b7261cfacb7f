"""A run that was sealed, and what somebody can do to it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prodgate.evidence.chain import Link, make_line
from prodgate.evidence.journal import NAME

from ..sample_run import CRITERIA, forge
from .sealed import (
    DAY,
    EVE,
    NIGHTLY,
    Asked,
    edit_envelope,
    encode,
    make_run,
    read_statement,
    seal,
    waive,
    write_envelope,
)

SEAL, SUMMARY = "seal.dsse.json", "summary.dsse.json"


@dataclass
class World:
    """What is there to tamper with."""

    run: Path
    """The run that is verified, in a folder of its name."""
    other: Path
    """A sealed run of the same system and another commit."""


@dataclass(frozen=True)
class Tampering:
    """One way to tamper, and what whoever verifies must call it."""

    by: Callable[[World], Any]
    word: str
    """What one of the flaws begins with."""
    asked: Asked = field(default_factory=Asked)


def pick(run: Path, pattern: str) -> Path:
    return sorted(run.glob(pattern))[0]


def write(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def lines(world: World, change: Callable[[list[bytes]], list[bytes]]) -> None:
    write(world.run / NAME, lambda data: b"".join(change(data.splitlines(keepends=True))))


def swap(one: Path, two: Path) -> None:
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


def link(path: Path) -> None:
    elsewhere = path.parent.parent.parent / f"kept-{path.name}"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def add(path: Path, data: bytes = b"more\n") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def unchained(line: bytes) -> bytes:
    event = json.loads(line)
    del event["chain"]
    return json.dumps(event).encode() + b"\n"


def rewrite_journal(run: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write every line anew, so that the chain holds."""
    link, written = Link("", 0, ""), b""
    for line in (run / NAME).read_bytes().splitlines():
        event = change({key: value for key, value in json.loads(line).items() if key != "chain"})
        data, link = make_line(event, link)
        written += data + b"\n"
    (run / NAME).write_bytes(written)


def say_satisfied(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "subject": "aws_rds_cluster.other"} if event["event"] == "finding" else event


def say_not_satisfied(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "outcome": "not-satisfied"} if event["event"] == "finding" else event


def say(sealed: Path, /, signer: Any = NIGHTLY, **own: Any) -> None:
    """Let the seal say something else, signed by whoever has the key."""
    statement = read_statement(sealed)
    statement["predicate"]["prodgate"].update(own)
    write_envelope(sealed, statement, signer)


def bad(world: World) -> Path:
    """Let a sealed run that is NO-GO be the run."""
    world.run = make_run(world.run.parent / "bad", good=False)
    seal(world.run)
    return world.run


def lie(world: World) -> None:
    """Sign GO over a journal that says NO-GO, with the right key."""
    run = bad(world)
    say(run, verdict="GO")


def double_key(world: World) -> None:
    """Say two outcomes of one finding, in a chain that holds, and sign that: of such a key each reader takes another value."""
    digest, written = b"", b""
    for line in (world.run / NAME).read_bytes().splitlines():
        said = line[:-67].replace(b'"outcome"', b'"outcome": "not-satisfied", "outcome"')
        digest = hashlib.sha256(digest + said).hexdigest().encode()
        written += said + digest + b'"}}\n'
    (world.run / NAME).write_bytes(written)
    statement = read_statement(world.run)
    (journal,) = [subject for subject in statement["subject"] if subject["name"] == NAME]
    journal.update(digest={"sha256": hashlib.sha256(written).hexdigest()}, annotations={"bytes": len(written)})
    statement["predicate"]["prodgate"]["head"] = digest.decode()
    write_envelope(world.run, statement)


def lie_of_waiver(world: World, *, opened: int = -20, expires: int = -1, aspect: str = "") -> None:
    """Sign GO over a journal that a waiver would make GO, if it were in force, and of this aspect; days are from today."""
    folder, today = world.run.parent / "waived", datetime.now(UTC).date()
    waive(folder, opened=today + opened * DAY, expires=today + expires * DAY)
    world.run = make_run(folder, good=False)
    rewrite_journal(world.run, lambda event: event | {"aspect": aspect} if event["event"] == "finding" else event)
    seal(world.run)
    say(world.run, verdict="GO")


def lie_of_promotion(world: World, criteria: str = CRITERIA, **about: Any) -> None:
    """Sign a promotion that a run does not allow."""
    world.run = make_run(world.run.parent / "partial", criteria, **about)
    seal(world.run)
    say(world.run, promotes=True)


def weaken(world: World) -> None:
    """Put weaker criteria in the place of those that decided, with all digests that follow."""
    run = world.run
    about = json.loads((run / "run.json").read_text())
    weaker = (run / "evidence" / f"{about['criteria']}.toml").read_bytes().replace(b">= 30 d", b">= 1 d")
    digest = hashlib.sha256(weaker).hexdigest()
    (run / "evidence" / f"{about['criteria']}.toml").unlink()
    (run / "evidence" / f"{digest}.toml").write_bytes(weaker)
    forge(run, criteria=digest)


def sign_falsely(world: World) -> None:
    """Sign with another key, and give it the name of the right one."""
    write_envelope(world.run, read_statement(world.run), EVE)
    document = json.loads((world.run / SEAL).read_bytes())
    document["signatures"][0]["keyid"] = NIGHTLY.public.keyid
    edit_envelope(world.run, signatures=document["signatures"])


def flip_signature(world: World, name: str = SEAL) -> None:
    document = json.loads((world.run / name).read_bytes())
    data = bytearray(base64.b64decode(document["signatures"][0]["sig"]))
    data[7] ^= 1
    document["signatures"][0]["sig"] = base64.b64encode(data).decode()
    edit_envelope(world.run, name, signatures=document["signatures"])


def sign_twice(world: World) -> None:
    document = json.loads((world.run / SEAL).read_bytes())
    edit_envelope(world.run, signatures=document["signatures"] * 2)


def loosen_base64(world: World) -> None:
    """Write the signature in another way that decodes to the same bytes."""
    document = json.loads((world.run / SEAL).read_bytes())
    text = document["signatures"][0]["sig"]
    assert text.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    document["signatures"][0]["sig"] = f"{text[:-3]}{alphabet[alphabet.index(text[-3]) + 1]}=="
    edit_envelope(world.run, signatures=document["signatures"])


def show_other(world: World) -> None:
    world.run = world.other


def replace_run(world: World) -> None:
    """Put the other run in the folder of the run."""
    shutil.rmtree(world.run)
    shutil.copytree(world.other, world.run)


def rename_folder(world: World, name: str) -> None:
    world.run = world.run.rename(world.run.with_name(name.format(world.run.name.rpartition("-")[2])))


def change_and_seal(world: World, signer: Any) -> None:
    """Write the run anew and seal it, as somebody does who has the gate and not the key."""
    rewrite_journal(world.run, say_satisfied)
    for name in (SEAL, SUMMARY):
        (world.run / name).unlink(missing_ok=True)
    seal(world.run, signer)


def omit_file(world: World) -> None:
    statement = read_statement(world.run)
    statement["subject"] = [each for each in statement["subject"] if each["name"] != "logs/static.txt"]
    write_envelope(world.run, statement)


def edit_payload(world: World) -> None:
    statement = read_statement(world.run)
    statement["predicate"]["prodgate"]["verdict"] = "GO "
    edit_envelope(world.run, payload=encode(statement))


def foreign_line(world: World) -> None:
    other = (world.other / NAME).read_bytes().splitlines(keepends=True)
    lines(world, lambda own: [*own[:4], other[4], *own[4:]])
