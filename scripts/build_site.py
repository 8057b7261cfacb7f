"""Build the documentation as a site in build/site: the pages of the repository, and the generated ones.

python scripts/build_site.py               # stages the pages in build/pages; Zensical makes the site, strictly

The pages keep their places, so that a link works in the repository, on the site and in an editor. Linked files that are
no pages, such as an example of a pipeline, are copied along.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from reference_pages import pages

ROOT = Path(__file__).parents[1]
STAGED, SITE, SETTINGS = ROOT / "build" / "pages", ROOT / "build" / "site", ROOT / "zensical.toml"
_LINK = re.compile(r"(?<!!)(\[[^\]\n]*\]\()([^)\s]+)\)")
_FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1", re.MULTILINE | re.DOTALL)


def stage(into: Path) -> None:
    """Write every page, and every file that one links to, below a new folder."""
    shutil.rmtree(into, ignore_errors=True)
    written = pages()
    for source in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]:
        name = source.relative_to(ROOT).as_posix()
        text = source.read_text("utf-8")
        for file in _list_linked(source, text):
            _copy(file, into)
        _write(into / name, _name_index(text))
    for name, text in written.items():
        _write(into / name, text)


def _list_linked(page: Path, text: str) -> Iterator[Path]:
    """Yield the files that a page links to and that are no pages; for a folder all files in it."""
    for _, link in _LINK.findall(_FENCE.sub("", text)):
        there = (page.parent / link.partition("#")[0]).resolve()
        if "://" in link or there.suffix == ".md" or not there.is_relative_to(ROOT) or there == page.parent:
            continue
        yield from (path for path in ([there] if there.is_file() else there.rglob("*.*")) if path.suffix != ".md")


def _name_index(text: str) -> str:
    """Return a page whose links to folders name the page of the folder."""

    def name(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2].rstrip('/')}/README.md)" if found[2].endswith("/") else found[0]

    return _LINK.sub(name, text)


def _copy(file: Path, into: Path) -> None:
    place = into / file.relative_to(ROOT)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def find_broken(site: Path) -> Iterator[str]:
    """Yield each broken link of a built site, with the page that has it."""
    for page in sorted(site.rglob("*.html")):
        for link in re.findall(r'href="([^"]+)"', page.read_text("utf-8")):
            path = unquote(re.split("[#?]", link)[0])
            if not path or re.match("[a-z]+:", link):
                continue
            there = site / path[1:] if path.startswith("/") else page.parent / path
            if not (there / "index.html" if there.is_dir() else there).exists():
                yield f"{page.relative_to(site)}: {link} leads nowhere"


def main() -> int:
    """Stage the pages and build the site; return the exit code of the build."""
    stage(STAGED)
    command = (sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", str(SETTINGS))
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        return code
    for name in STAGED.glob(".*"):  # Zensical leaves it out, though pages link to it
        into = SITE / name.name
        shutil.copytree(name, into, dirs_exist_ok=True) if name.is_dir() else shutil.copyfile(name, into)
    broken = list(find_broken(SITE))
    sys.stderr.writelines(f"{each}\n" for each in broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
