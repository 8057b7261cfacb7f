"""Are the pages whole, fast, and do they work?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import PageLinks, VisitedPage


@check("pages-complete", remedy="Open the page; where a region has another role or name, mend the page or [e2e.pages].")
def test_pages_are_complete(page: VisitedPage, criterion: Criterion) -> None:
    """Does this page return success, on the site's own host, and show its required regions?"""
    criterion.hold(page.complete, expected="an answer with all regions", observed=page.answered, held=page.answered)


@check(
    "page-largest-paint",
    remedy="Find what the largest element waits for: the server, a font, an image, a script in the head.",
    measures="time",
)
def test_pages_are_seen_soon(page: VisitedPage, criterion: Criterion) -> None:
    """Is the largest part of this page painted soon enough (LCP)?

    Measured on one first visit, from where the gate runs; real readers' experience is measured elsewhere.
    """
    criterion.require(page.largest_paint)


@check(
    "page-layout-stable",
    remedy="Give images, frames and late parts their size beforehand.",
    measures="count",
)
def test_pages_keep_still(page: VisitedPage, criterion: Criterion) -> None:
    """Does the layout of this page stay still while it loads (CLS)?"""
    criterion.require(page.shift)


@check("pages-without-errors", remedy="Open the page with the console, and mend what is told there.")
def test_scripts_do_not_fail(page: VisitedPage, criterion: Criterion) -> None:
    """Do the scripts of this page run without an error?"""
    none = f"none; a policy that only reports says: {'; '.join(page.reported)}" if page.reported else "none"
    criterion.hold(not page.errors, expected="no error", observed="; ".join(page.errors), held=none)


@check("page-files-arrive", remedy="Put the file where the page looks for it, or take it out of the page.")
def test_files_arrive(page: VisitedPage, criterion: Criterion) -> None:
    """Does every file that this page needs arrive?"""
    criterion.hold(not page.failed, expected="every file", observed="; ".join(page.failed), held="every file")


@check("third-parties-declared", remedy="Serve it from the site, or name the host in [e2e] third_parties.")
def test_others_are_not_told(page: VisitedPage, criterion: Criterion) -> None:
    """Does this page send requests only to the site's own and the declared hosts?"""
    criterion.hold(
        not page.foreign, expected="declared hosts only", observed="; ".join(page.foreign), held="none other"
    )


@check("links-lead-somewhere", remedy="Mend the address, or redirect the old one.")
def test_links_lead_somewhere(page: PageLinks, criterion: Criterion) -> None:
    """Does every link of this page to the site lead to a page?"""
    asking = f"; one has to sign in for {'; '.join(page.asking)}" if page.asking else ""
    left = f"; {len(page.untouched)} left untouched: {'; '.join(page.untouched)}" if page.untouched else ""
    observed = f"{'; '.join(page.broken) or f'all {page.followed} followed{asking}'}{left}"
    criterion.hold(not page.broken, expected="a page at each", observed=observed, held=observed)


@check("https-only", remedy="Let the form send to an address that begins with https://.")
def test_forms_send_over_https(page: PageLinks, criterion: Criterion) -> None:
    """Does every form of this page send what is typed over HTTPS?"""
    criterion.hold(not page.plain_forms, expected="every form", observed="; ".join(page.plain_forms), held="every form")
