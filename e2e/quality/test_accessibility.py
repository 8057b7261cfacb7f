"""Can everybody use the pages: with poor sight, without a mouse, on a phone?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import KeyboardWalk, VisitedPage


@check("pages-accessible", remedy="Look the rule up at dequeuniversity.com/rules/axe, and mend the element.")
def test_axe_finds_nothing(page: VisitedPage, criterion: Criterion) -> None:
    """Does axe find nothing on this page and in its frames against WCAG 2.2 A and AA, or good practice?

    Automated rules find about half of the faults; after an empty result, testing by hand begins.
    """
    looked_at = f"none; a person looked at {'; '.join(page.undecided)}" if page.undecided else "none"
    criterion.hold(not page.violations, expected="no violation", observed="; ".join(page.violations), held=looked_at)


@check("pages-fit-window", remedy="Let the element wrap, shrink, or scroll in a box of its own.")
def test_pages_fit_the_window(page: VisitedPage, criterion: Criterion) -> None:
    """Is this page no wider than the window?"""
    observed = f"{page.too_wide} px wider: {'; '.join(page.sticking_out)}"
    criterion.hold(not page.too_wide, expected="no wider than the window", observed=observed)


@check("keyboard-reaches-all", remedy="Use a link, a button or a field, or give the element tabindex=0 and keys.")
def test_the_keyboard_reaches_all(walk: KeyboardWalk, criterion: Criterion) -> None:
    """Does the Tab key reach every control on this page?"""
    observed = "; ".join(walk.missed) or f"all {walk.offered}"
    criterion.hold(not walk.missed, expected=f"all {walk.offered} reached", observed=observed, held=observed)


@check("keyboard-focus-visible", remedy="Style :focus-visible; never take the outline away without another mark.")
def test_the_focus_can_be_seen(walk: KeyboardWalk, criterion: Criterion) -> None:
    """Is the focus visible, everywhere on this page?"""
    observed = "; ".join(walk.unseen) or "seen everywhere"
    criterion.hold(not walk.unseen, expected="a visible focus", observed=observed, held=observed)


@check(
    "keyboard-answered-fast",
    remedy="Find the long task in the trace; do less of it, or after the next frame.",
    measures="time",
)
def test_keys_are_answered_fast(walk: KeyboardWalk, criterion: Criterion) -> None:
    """Does the page respond to every key and press, from the first one on, before a person notices a delay (INP)?"""
    criterion.require(walk.slowest)
