"""What a browser holds of the person who used it: cookies, storage, databases, what is in fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Error, Frame, Page

from ..redacting.bodies import find_in_body
from ..redacting.places import find_in_cookie, is_typed_name, leaves
from ..redacting.redaction import Redaction
from ..redacting.writing import UnreadableDataError

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "held.js").read_text("utf-8")
#: Milliseconds that a frame may take to answer, and its databases.
_ANSWER, _DATABASES = 10_000.0, 10_000
#: Characters of all values that a frame stores.
_MOST: Final = 2_000_000
#: Characters of all files that it stores, and of one that is nothing but a value.
_FILES, _VALUE = 20_000_000, 200
#: Fields of pages, which no picture shows.
_FIELDS: Final = "input, textarea, select, [contenteditable]"
#: Texts that are covered in a picture; where a page shows more there is no picture.
_COVERED: Final = 100


@dataclass(frozen=True, kw_only=True)
class Held:
    """What was held: secrets, those of them that count however short they are, what is in fields, what frames show."""

    secrets: set[str] = field(default_factory=set)
    certain: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)
    texts: dict[Frame, str] = field(default_factory=dict)

    def taught(self, known: Redaction) -> Redaction:
        """Return a redaction that knows this, too."""
        return known.with_secrets(self.secrets).with_secrets(self.certain, certain=True).with_typed(self.typed)


def ask_context(context: BrowserContext) -> Held:
    """Return what a context holds. Raises UnreadableDataError when a page can't be asked."""
    held = Held()
    for cookie in context.cookies():
        held.secrets.update(text for text, _ in find_in_cookie(cookie["value"]))
    for origin in context.storage_state()["origins"]:
        for item in origin["localStorage"]:
            held.secrets.update((item["value"], *leaves(item["value"])))
    for page in context.pages:
        _ask_frames(page, held)
    return held


def ask_page(page: Page) -> Held:
    """Return what a page holds. Raises UnreadableDataError when it can't be asked."""
    held = Held()
    _ask_frames(page, held)
    return held


def _ask_frames(page: Page, held: Held) -> None:
    for frame in page.frames:
        _ask_frame(frame, held)


def _ask_frame(frame: Frame, held: Held) -> None:
    try:
        # a page that is busy for ever would never answer a script, and this has a limit
        frame.locator(":root").wait_for(state="attached", timeout=_ANSWER)
        found: dict[str, Any] = frame.evaluate(_SCRIPT, [_DATABASES, _MOST, _FILES])
    except Error as error:
        if frame.is_detached() or frame.page.is_closed():
            return
        said = error.message.partition("\n")[0]
        raise UnreadableDataError(f"{frame.url.partition('?')[0]} could not be asked what it stores: {said}") from error
    for value in found["kept"]:
        held.secrets.update((value, *leaves(value)))
    for text in found["files"]:
        held.secrets.update(value for value, _ in find_in_body(text.encode("utf-8", "replace"), sent=False))
        if len(text) <= _VALUE and not any(map(str.isspace, text.strip())):
            held.secrets.add(text.strip())
    for value, names in found["fields"]:
        held.typed.add(value)
        if any(is_typed_name(name) or name == "password" for name in names):
            held.certain.add(value)
    held.texts[frame] = " ".join(found["text"].split())


def take_picture(page: Page, held: Held, known: Redaction) -> bytes:
    """Return a picture of a page in which fields and known secrets are covered.

    Raises UnreadableDataError when it shows more of them than can be covered, and Error when there is no picture.
    """
    covered = [frame.locator(_FIELDS) for frame in page.frames]
    for frame in page.frames:
        text = held.texts.get(frame, "")
        shown = [each for each in (*known.secrets, *known.words, *known.typed) if " ".join(each.split()) in text]
        if len(shown) > _COVERED:
            raise UnreadableDataError(f"a picture of the page would show {len(shown)} texts that were typed or stored")
        covered += [frame.get_by_text(each) for each in shown]
    return page.screenshot(mask=covered, timeout=5000)
