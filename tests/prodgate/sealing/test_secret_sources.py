"""A secret in what the gate reads of a browser, of Airflow and of a load is in no byte of a bundle, however it is written."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

from prodgate.airflow.observing import observe_history
from prodgate.browser.redacting.pictures import without_texts
from prodgate.browser.redacting.redaction import Redaction
from prodgate.browser.redacting.traces import read_trace
from prodgate.evidence import artifacts
from prodgate.load.stream.outcomes import Outcomes
from prodgate.load.stream.plan import Plan, plan_request
from prodgate.load.tally import Moment, Tally
from prodgate.sealing.bundles import make_bundle

from ..airflow.fake import HOUR, NOW, an_airflow, an_event
from ..airflow.wrong_answers import SINCE, Asking
from .encodings import find

#: How a secret is written where it is read.
WRITTEN: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda s: s,
    "Base64": lambda s: base64.b64encode(f"of {s}, twice".encode()).decode(),
    "Base64 of URLs": lambda s: base64.urlsafe_b64encode(f">>?{s}".encode()).decode(),
    "Base32": lambda s: base64.b32encode(f"so {s} it is".encode()).decode(),
    "Base32 in small letters": lambda s: base64.b32encode(f"x{s}".encode()).decode().lower(),
    "Ascii85": lambda s: base64.a85encode(f"so {s} it is".encode()).decode(),
    "Base85 of Git": lambda s: base64.b85encode(f"it: {s}".encode()).decode(),
    "quoted-printable": lambda s: "".join(f"={each:02X}" for each in s.encode()),
    "quoted-printable in lines": lambda s: f"{s[:7]}=\r\n{s[7:]}",
    "octal digits": lambda s: "".join(f"\\{each:03o}" for each in s.encode()),
    "percent signs": lambda s: quote(s, safe=""),
    "hexadecimal digits": lambda s: s.encode().hex(),
    "gzip within Base64": lambda s: base64.b64encode(gzip.compress(s.encode() * 3)).decode(),
}  # fmt: skip
SOURCES: Final = ("trace", "picture", "DAG", "load")
CANARIES: Final = {name: f"Canary/{number}+of a {name}?" for number, name in enumerate(SOURCES)}
MARKERS: Final = ("/signed-in", "IHDR", "hourly news", "GET /cart")


def all_writings(secret: str) -> list[str]:
    return [write(secret) for write in WRITTEN.values()]


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + binascii.crc32(kind + data).to_bytes(4)


def make_picture(secret: str) -> bytes:
    """Return a picture of one pixel that says the secret in each kind of text, and behind its end."""
    said = secret.encode()
    pixel = chunk(b"IDAT", zlib.compress(b"\0\0"))
    texts = [
        chunk(b"tEXt", b"Comment\0" + said),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(said)),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(said)),
        chunk(b"eXIf", b"II*\0" + said),
    ]
    header = chunk(b"IHDR", (1).to_bytes(4) * 2 + b"\x08\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(texts) + pixel + chunk(b"IEND", b"") + said


def make_document(secret: str) -> bytes:
    """Return a PDF with one page that says the secret."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(width=200, height=200)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = {"/F1": DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})}
    named = DictionaryObject({NameObject(key): value for key, value in fonts.items()})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): named})
    said = StreamObject()
    said.set_data(f"BT /F1 12 Tf 20 100 Td ({secret}) Tj ET".encode())
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(said.flate_encode())])
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def make_trace(folder: Path, secret: str) -> bytes:
    """Return the trace of a journey that signs in with a secret, redacted as the gate does it."""
    headers = [{"name": "Authorization", "value": f"Bearer {secret}"}]
    request = {"url": "https://shop.example/signed-in", "method": "GET", "headers": headers}
    event = {"type": "resource-snapshot", "snapshot": {"request": request, "response": {"content": {}}}}
    shown = {"type": "console", "text": " ".join(all_writings(secret))}
    path = folder / "trace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.network", json.dumps(event))
        archive.writestr("trace.trace", json.dumps(shown))
        archive.writestr("resources/body.json", json.dumps({"token": secret}))
        archive.writestr("resources/seen.txt", "\n".join(all_writings(secret)))
        archive.writestr("resources/packed", gzip.compress(secret.encode()))
        archive.writestr("resources/logo.png", make_picture(secret))
        archive.writestr("resources/terms.pdf", make_document(secret))
    trace = read_trace(path)
    return trace.redact(trace.teach(Redaction()))


def observe_dags(secret: str) -> Any:
    """Return what is kept of an Airflow in which people and tasks pass a secret on."""
    said = all_writings(secret)
    fake = an_airflow(slots=2)
    for run in fake.runs:
        run.update(conf={"password": secret, "said": said}, note=" ".join(said), run_type="scheduled")
    for task in fake.tasks:
        task.update(rendered_fields={"op_args": said}, executor_config=str(said))
    fake.events.append(an_event(9, "trigger_dag_run", NOW - HOUR, extra=json.dumps({"conf": said, "note": said})))
    fake.events.append(an_event(10, "post_variable", NOW - HOUR, extra=f"value={secret}"))
    return observe_history(Asking(fake), ["news"], since=SINCE, now=NOW)


def count_load(secret: str) -> Any:
    """Return what is kept of requests that failed, whose addresses let somebody in."""
    plan = Plan(url="https://shop.example", rate=9, timeout=1, limit=9, reads=("/cart",))
    tally, stream = Tally(), Outcomes(plan)
    for number, said in enumerate(all_writings(secret)):
        text = (
            f"HTTP 500 of https://me:{quote(secret, safe='')}@shop.example/cart?access_token={quote(said, safe='')}&n=1"
        )
        tally.count_failure(Moment(second=number), f"GET /cart/{number}", "5xx", text)
        stream.count_due(request := plan_request(plan, number), 0)
        stream.count_failure(request, "5xx", text, reused=False)
    return [tally.take(), stream.to_record(0, "")]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle of all that is kept of these sources."""
    folder = tmp_path_factory.mktemp("sources")
    run = folder / "run"
    (run / artifacts.FOLDER).mkdir(parents=True)
    artifacts.store(run, make_trace(folder, CANARIES["trace"]), ".zip")
    artifacts.store(run, without_texts(make_picture(CANARIES["picture"])), ".png")
    artifacts.store_json(run, {"of": "hourly news", "answers": observe_dags(CANARIES["DAG"])})
    artifacts.store_json(run, count_load(CANARIES["load"]))
    return make_bundle(run, "run")


@pytest.mark.parametrize("name", SOURCES)
def test_no_byte_of_a_bundle_holds_a_secret(bundle: bytes, name: str) -> None:
    assert list(find(CANARIES[name], "bundle", bundle)) == []


@pytest.mark.parametrize("marker", MARKERS)
def test_what_held_the_secrets_is_in_the_bundle(bundle: bytes, marker: str) -> None:
    assert list(find(marker, "bundle", bundle))


@pytest.mark.parametrize("how", WRITTEN)
def test_the_search_finds_each_of_these_writings(how: str) -> None:
    secret = CANARIES["trace"]
    assert list(find(secret, "data", WRITTEN[how](secret).encode()))


def test_the_search_reads_a_document() -> None:
    assert list(find("Canary/9", "data", make_document("Canary/9")))
    assert b"Canary" not in make_document("Canary/9")


def test_the_search_looks_into_the_texts_of_a_picture() -> None:
    for kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
        picture = make_picture(CANARIES["picture"])
        others = {b"tEXt", b"zTXt", b"iTXt", b"eXIf"} - {kind}
        for other in others:
            picture = picture.replace(other, b"teSt")
        assert list(find(CANARIES["picture"], "data", picture))


@pytest.mark.parametrize("kind", [b"tEXt", b"eXIf", b"iCCP", b"sPLT", b"noTe", b"caBX"])
def test_a_picture_holds_pixels_alone(kind: bytes) -> None:
    """A colour profile has a name and is compressed, and anybody may have chunks of their own."""
    plain = make_picture("")
    end = plain.index(chunk(b"IEND", b""))
    more = plain[:end] + chunk(kind, b"profile\0\0" + zlib.compress(CANARIES["picture"].encode())) + plain[end:]
    assert without_texts(more) == without_texts(plain)


@pytest.mark.parametrize("kind", [b"PLTE", b"tRNS", b"sRGB", b"fcTL"])
def test_what_says_which_pixels_a_picture_has_stays(kind: bytes) -> None:
    plain = make_picture("")
    end = plain.index(chunk(b"IDAT", zlib.compress(b"\0\0")))
    assert chunk(kind, b"\0\0\0") in without_texts(plain[:end] + chunk(kind, b"\0\0\0") + plain[end:])


def test_a_picture_without_texts_is_the_same_picture() -> None:
    plain = make_picture("")
    assert without_texts(make_picture("x" * 99)) == without_texts(plain)
    assert without_texts(without_texts(plain)) == without_texts(plain)
    assert without_texts(plain).endswith(chunk(b"IEND", b""))
    assert without_texts(b"\xff\xd8\xff of a camera") == b"\xff\xd8\xff of a camera"
