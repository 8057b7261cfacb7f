"""The pages of Airflow 2, whose forms change results as a person in a browser does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from prodgate.rehearsal.airflow.instance import Airflow

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Pages:
    """A browser that somebody is signed in with."""

    def __init__(self, airflow: Airflow) -> None:
        self.url = airflow.url
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.token = ""
        self.token = self._read_token("/login/")
        self.send("/login/", {"username": airflow.admin.name, "password": airflow.admin.password})
        self.token = self._read_token("/home")

    def send(self, path: str, form: Mapping[str, str]) -> str:
        """Send a form; return the page that it leads to."""
        sent = urlencode([("csrf_token", self.token), *form.items()]).encode()
        with self.opener.open(f"{self.url}{path}", sent, timeout=120) as answer:
            return str(answer.read().decode())

    def find_row(self, path: str, run_id: str) -> str:
        """Return what a list calls the row of a run."""
        with self.opener.open(f"{self.url}{path}", timeout=120) as answer:
            page = answer.read().decode()
        rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
        (row,) = [each for each in rows if re.search(rf"\b{run_id}\b", each) and 'name="rowid"' in each]
        found = re.search(r'name="rowid"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="rowid"', row)
        assert found, row
        return found[1] or found[2]

    def _read_token(self, path: str) -> str:
        with self.opener.open(f"{self.url}{path}", timeout=120) as answer:
            page = answer.read().decode()
        found = _TOKEN.search(page) or re.search(r"csrfToken\s*=\s*'([^']+)'|csrf_token[^>]*content=\"([^\"]+)\"", page)
        assert found, page[:2000]
        return next(filter(None, found.groups()))
