"""What could be done to a sealed run, as data: how, and the word that names it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from functools import partial

from prodgate.evidence.journal import NAME, Journal

from ..sample_run import CRITERIA, forge
from .sealed import COMMIT, DAY, EVE, OTHER_COMMIT, Asked, edit_envelope, read_statement, write_envelope
from .ways_to_tamper import (
    SEAL,
    SUMMARY,
    Tampering,
    add,
    bad,
    change_and_seal,
    double_key,
    edit_payload,
    flip_signature,
    foreign_line,
    lie,
    lie_of_promotion,
    lie_of_waiver,
    lines,
    link,
    loosen_base64,
    omit_file,
    pick,
    rename_folder,
    replace_run,
    rewrite_journal,
    say,
    say_satisfied,
    show_other,
    sign_falsely,
    sign_twice,
    swap,
    unchained,
    weaken,
    write,
)

MATRIX: dict[str, Tampering] = {
    # files
    "a byte of evidence": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: b"A" + d[1:]), "CHANGED: evidence/"),
    "evidence cut short": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: d[:-1]), "CHANGED: evidence/"),
    "evidence made longer": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: d + b"\n"), "CHANGED: evidence/"),
    "evidence emptied": Tampering(lambda w: pick(w.run, "evidence/*.gz").write_bytes(b""), "CHANGED: evidence/"),
    "evidence deleted": Tampering(lambda w: pick(w.run, "evidence/*.gz").unlink(), "MISSING: evidence/"),
    "evidence added": Tampering(lambda w: add(w.run / "evidence" / f"{'0' * 64}.json"), "UNLISTED: evidence/"),
    "evidence renamed": Tampering(lambda w: pick(w.run, "evidence/*.png").rename(w.run / "evidence/x.png"), "MISSING: evidence/"),
    "two files of evidence swapped": Tampering(lambda w: swap(pick(w.run, "evidence/*.png"), pick(w.run, "evidence/*.gz")), "CHANGED: evidence/"),
    "evidence of another run": Tampering(lambda w: swap(pick(w.run, "evidence/*.toml"), pick(w.other, "run.json")), "CHANGED: evidence/"),
    "a link to evidence elsewhere": Tampering(lambda w: link(pick(w.run, "evidence/*.png")), "CHANGED: evidence/"),
    "a folder in the place of a file": Tampering(lambda w: (pick(w.run, "evidence/*.png").unlink(), (w.run / "evidence/x.png").mkdir()), "MISSING: evidence/"),
    "a line of a log taken out": Tampering(lambda w: write(w.run / "logs/static.txt", lambda d: d.split(b"\n", 1)[1]), "CHANGED: logs/static.txt"),
    "a log deleted": Tampering(lambda w: (w.run / "logs/static.txt").unlink(), "MISSING: logs/static.txt"),
    "a log added": Tampering(lambda w: add(w.run / "logs/live.txt"), "UNLISTED: logs/live.txt"),
    "the report says something else": Tampering(lambda w: write(w.run / "report.html", lambda d: d.replace(b"GO", b"OK")), "CHANGED: report.html"),
    "the Japanese report": Tampering(lambda w: write(w.run / "report.ja.html", lambda d: d + b" "), "CHANGED: report.ja.html"),
    "the report deleted": Tampering(lambda w: (w.run / "report.html").unlink(), "MISSING: report.html"),
    "the summary of the job": Tampering(lambda w: write(w.run / "summary.md", bytes.upper), "CHANGED: summary.md"),
    "the verifier": Tampering(lambda w: add(w.run / "verify.py", b"print('GO')\n"), "CHANGED: verify.py"),
    "the verifier deleted": Tampering(lambda w: (w.run / "verify.py").unlink(), "MISSING: verify.py"),
    "the other half of the verifier": Tampering(lambda w: add(w.run / "derive.py", b"print('GO')\n"), "CHANGED: derive.py"),
    "the other half of the verifier deleted": Tampering(lambda w: (w.run / "derive.py").unlink(), "MISSING: derive.py"),
    "a hidden file": Tampering(lambda w: add(w.run / ".note"), "UNLISTED: .note"),
    "a file in a folder of its own": Tampering(lambda w: add(w.run / "more" / "x"), "UNLISTED: more/x"),
    "a time stamp of nobody": Tampering(lambda w: add(w.run / "seal.tsr"), "UNLISTED: seal.tsr"),
    "a second run.json": Tampering(lambda w: add(w.run / "RUN.JSON"), "UNLISTED: RUN.JSON"),
    # run.json
    "the rehearsal is none": Tampering(lambda w: write(w.run / "run.json", lambda d: d.replace(b'"rehearsal": false', b'"rehearsal": true')), "CHANGED: run.json"),
    "another commit": Tampering(lambda w: write(w.run / "run.json", lambda d: d.replace(b"c0ffee", b"decade")), "CHANGED: run.json"),
    "a space in run.json": Tampering(lambda w: write(w.run / "run.json", lambda d: d + b" "), "CHANGED: run.json"),
    "run.json deleted": Tampering(lambda w: (w.run / "run.json").unlink(), "MISSING: run.json"),
    "run.json and a chain that follows": Tampering(lambda w: forge(w.run, actor="somebody else"), "CHANGED: run.json"),
    # the journal
    "an outcome turned": Tampering(lambda w: write(w.run / NAME, lambda d: d.replace(b'"satisfied"', b'"waived"   ')), "CHANGED: journal.jsonl"),
    "a line deleted": Tampering(lambda w: lines(w, lambda x: [*x[:5], *x[6:]]), "MISSING: journal.jsonl: line 6"),
    "two lines swapped": Tampering(lambda w: lines(w, lambda x: [*x[:4], x[5], x[4], *x[6:]]), "REORDERED: journal.jsonl: line 5"),
    "a line added": Tampering(lambda w: lines(w, lambda x: [*x[:4], unchained(x[3]), *x[4:]]), "UNLISTED: journal.jsonl"),
    "a line twice": Tampering(lambda w: lines(w, lambda x: [*x[:4], x[3], *x[4:]]), "UNLISTED: journal.jsonl"),
    "a line of another run": Tampering(foreign_line, "FOREIGN: journal.jsonl"),
    "the journal cut off": Tampering(lambda w: lines(w, lambda x: x[:-1]), "CHANGED: journal.jsonl"),
    "the journal cut off within a line": Tampering(lambda w: write(w.run / NAME, lambda d: d[:-20]), "CHANGED: journal.jsonl"),
    "the journal emptied": Tampering(lambda w: add(w.run / NAME, b""), "CHANGED: journal.jsonl"),
    "the journal deleted": Tampering(lambda w: (w.run / NAME).unlink(), "MISSING: journal.jsonl"),
    "the journal of another run": Tampering(lambda w: swap(w.run / NAME, w.other / NAME), "CHANGED: journal.jsonl"),
    "the journal written anew": Tampering(lambda w: rewrite_journal(w.run, say_satisfied), "CHANGED: journal.jsonl"),
    "something appended, in the chain": Tampering(lambda w: Journal.of(w.run).write("note", layer="static", text="x"), "CHANGED: journal.jsonl"),
    "weaker criteria, and a chain that follows": Tampering(weaken, "MISSING: evidence/"),
    # the seal
    "the seal deleted": Tampering(lambda w: (w.run / SEAL).unlink(), "MISSING: seal.dsse.json"),
    "the seal emptied": Tampering(lambda w: add(w.run / SEAL, b""), "CHANGED: seal.dsse.json"),
    "the seal is JSON of something else": Tampering(lambda w: add(w.run / SEAL, b"[]\n"), "CHANGED: seal.dsse.json"),
    "the signature taken off": Tampering(lambda w: edit_envelope(w.run, signatures=[]), "UNSIGNED: seal.dsse.json"),
    "signed by somebody else": Tampering(lambda w: write_envelope(w.run, read_statement(w.run), EVE), "WRONG KEY: seal.dsse.json"),
    "signed by somebody else in the name of the right key": Tampering(sign_falsely, "CHANGED: seal.dsse.json"),
    "a byte of the signature": Tampering(flip_signature, "CHANGED: seal.dsse.json"),
    "a second signature": Tampering(sign_twice, "CHANGED: seal.dsse.json"),
    "the payload edited": Tampering(edit_payload, "CHANGED: seal.dsse.json"),
    "another payload type": Tampering(lambda w: edit_envelope(w.run, payloadType="application/json"), "CHANGED: seal.dsse.json"),
    "a member more": Tampering(lambda w: edit_envelope(w.run, note="x"), "CHANGED: seal.dsse.json"),
    "white space in the seal": Tampering(lambda w: write(w.run / SEAL, lambda d: d.replace(b",", b", ", 1)), "CHANGED: seal.dsse.json"),
    "base64 written otherwise": Tampering(loosen_base64, "CHANGED: seal.dsse.json"),
    "the seal of another run": Tampering(lambda w: shutil.copy(w.other / SEAL, w.run / SEAL), "FOREIGN: "),
    "the signature of another run": Tampering(lambda w: edit_envelope(w.run, signatures=json.loads((w.other / SEAL).read_bytes())["signatures"]), "CHANGED: seal.dsse.json"),
    "changed and sealed without a key": Tampering(lambda w: change_and_seal(w, None), "UNSIGNED: seal.dsse.json"),
    "changed and sealed with another key": Tampering(lambda w: change_and_seal(w, EVE), "WRONG KEY: seal.dsse.json"),
    # what the right key was made to sign
    "GO, signed, over a NO-GO": Tampering(lie, "CHANGED: "),
    "a promotion, signed, in a rehearsal": Tampering(
        partial(lie_of_promotion, rehearsal=True, target="rehearsal://"), "CHANGED: "
    ),
    "a promotion, signed, of one moment": Tampering(
        partial(lie_of_promotion, criteria=f'{CRITERIA}moment = "before"\n', moment="before"), "CHANGED: "
    ),
    "a promotion, signed, of staging": Tampering(
        partial(lie_of_promotion, target="https://staging.shop.example"), "CHANGED: "
    ),
    "a promotion, signed, of staging beside a site that is stated": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[e2e]\nbase_url = "https://www.shop.example"\n',
            target="https://staging.shop.example",
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that a requirement asks": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[requirements.OPS-2]\nasks = "that somebody looks"\nlayers = ["static", "live"]\n',
            layers=["static"],
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that a section asks": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[e2e]\nbase_url = "https://www.shop.example"\n',
            layers=["static"],
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that is asked": Tampering(
        partial(lie_of_promotion, criteria=CRITERIA.replace('["static"]', '["static", "live"]'), layers=["static"]),
        "CHANGED: ",
    ),
    "another commit, signed": Tampering(lambda w: say(w.run, commit="d" * 40), "CHANGED: "),
    "another head, signed": Tampering(lambda w: say(w.run, head="0" * 64), "CHANGED: "),
    "another kind of payload, signed": Tampering(lambda w: write_envelope(w.run, read_statement(w.run), kind="text/x"), "CHANGED: "),
    "another system, signed": Tampering(lambda w: say(w.run, system="bank"), "CHANGED: "),
    "another run, signed": Tampering(lambda w: say(w.run, run="2026-01-01T000000Z-0000000"), "FOREIGN: "),
    "a file left out, signed": Tampering(omit_file, "UNLISTED: logs/static.txt"),
    "GO, signed, by a waiver that had expired": Tampering(lie_of_waiver, "CHANGED: "),
    "GO, signed, by a waiver that opens later": Tampering(lambda w: lie_of_waiver(w, opened=2, expires=20), "CHANGED: "),
    "GO, signed, by a waiver that says not which fault": Tampering(lambda w: lie_of_waiver(w, expires=20, aspect="CPU"), "CHANGED: "),
    "a key twice in a line, signed": Tampering(double_key, "CHANGED: journal.jsonl: line"),
    # the verification summary
    "the summary deleted": Tampering(lambda w: (w.run / SUMMARY).unlink(), "MISSING: summary.dsse.json"),
    "the summary unsigned": Tampering(lambda w: edit_envelope(w.run, SUMMARY, signatures=[]), "UNSIGNED: summary.dsse.json"),
    "the summary by somebody else": Tampering(lambda w: write_envelope(w.run, read_statement(w.run, SUMMARY), EVE, SUMMARY), "WRONG KEY: summary.dsse.json"),
    "a byte of the summary's signature": Tampering(lambda w: flip_signature(w, SUMMARY), "CHANGED: summary.dsse.json"),
    "the summary is no JSON": Tampering(lambda w: add(w.run / SUMMARY, b"x"), "CHANGED: summary.dsse.json"),
    "a summary beside a NO-GO": Tampering(lambda w: shutil.copy(w.other / SUMMARY, bad(w) / SUMMARY), "UNLISTED: summary.dsse.json"),
    # what was asked for
    "an authentic run of another commit": Tampering(show_other, "FOREIGN: "),
    "of another commit than asked": Tampering(lambda w: None, "FOREIGN: ", Asked(commit="e" * 40)),
    "of part of the commit's name": Tampering(lambda w: None, "FOREIGN: ", Asked(commit=COMMIT[:39])),
    # the folder
    "a later date in the folder's name": Tampering(lambda w: rename_folder(w, "2099-01-01T000000Z-{}"), "FOREIGN: the folder is called 2099-"),
    "a folder of any other name": Tampering(lambda w: rename_folder(w, "evidence of {}"), "FOREIGN: the folder is called evidence of "),
    "an authentic run in the place of another": Tampering(replace_run, "FOREIGN: the folder is called ", Asked(commit=OTHER_COMMIT)),
    "too old": Tampering(lambda w: None, "EXPIRED: ", Asked(later=2 * DAY)),
    "too old by a little": Tampering(lambda w: None, "EXPIRED: ", replace(Asked(), later=DAY + timedelta(minutes=1))),
}  # fmt: skip
