"""Readers of the news site, as ordinary Locust users: their actions and how often they do them.

By itself, with a web page to watch:  locust -f loadtests/locustfile.py -H https://www.nba-news.example
"""

import random
import re
from typing import ClassVar

from locust import FastHttpUser, between, task

STORY = re.compile(r'href="(/stories/[\w-]+)"')
STYLE = re.compile(r'href="(/static/site\.css[^"]*)"')
TEAMS = ("bos", "chi", "dal", "den", "gsw", "hou", "lac", "lal", "mia", "mil", "nyk", "okc", "phi", "phx", "sas", "tor")
WORDS = ("overtime", "rookie", "defense", "trade", "ankle")


class Reader(FastHttpUser):
    """A reader who follows the NBA."""

    insecure = False
    wait_time = between(1, 5)

    #: Requests that any cache between the readers and the site may answer.
    cacheable = ("/", "/teams", "/teams/[team]", "/stories/[slug]", "/search", "/api/stories", "/static/site.css")

    #: Required contents of right responses, by name.
    holds: ClassVar = {
        "/": {"text": ["</article>", "</html>"]},
        "/teams": {"text": ["</section>", "</html>"]},
        "/static/site.css": ":root",
        "/stories/[slug]": "</article>",
        "/teams/[team]": "</main>",
        "/api/stories": '"slug"',
        "/search": "</html>",
    }

    @task(20)
    def open_the_front_page(self) -> None:
        """Look at the latest news; a first visit fetches the style too."""
        page = self.client.get("/", name="/")
        for address in STYLE.findall(page.text or "")[:1]:
            self.client.get(address, name="/static/site.css")

    @task(30)
    def read_a_story(self) -> None:
        """Look through the latest news as the app shows it, and open a story."""
        found = self.client.get(f"/api/stories?page={random.randint(1, 5)}", name="/api/stories")
        if found.status_code == 200:
            self.client.get(f"/stories/{random.choice(found.json()['stories'])['slug']}", name="/stories/[slug]")

    @task(30)
    def follow_a_team(self) -> None:
        """Open a team's page and a story on it."""
        page = self.client.get(f"/teams/{random.choice(TEAMS)}", name="/teams/[team]")
        for address in STORY.findall(page.text or "")[:1]:
            self.client.get(address, name="/stories/[slug]")

    @task(15)
    def search(self) -> None:
        """Search for stories, and check that the response is a whole results page."""
        word = random.choice(WORDS)
        with self.client.get(f"/search?q={word}", name="/search", catch_response=True) as page:
            if page.status_code == 200 and "</html>" not in (page.text or ""):
                page.failure(f"the search for {word} gave no whole page")

    @task(5)
    def see_all_teams(self) -> None:
        """Open the list of teams."""
        self.client.get("/teams", name="/teams")
