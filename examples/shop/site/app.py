"""The shop's site: `python site/app.py --port 8080`. SHOP_BROKEN=1 is how it looks when its database is away."""

import argparse
import os
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

GOODS = {"kettle": "Kettle", "lamp": "Lamp", "stool": "Stool"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Shop</title>
<link rel="icon" href="data:,">
</head>
<body>
<header><nav aria-label="Shop"><a href="/">All goods</a></nav></header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def render(path: str, query: str) -> tuple[int, str, str]:
    """Return status, title and body of a page."""
    name = path.removeprefix("/goods/")
    if path == "/":
        links = "".join(f'<li><a href="/goods/{key}">{escape(title)}</a></li>' for key, title in GOODS.items())
        return 200, "All goods", f"<ul>{links}</ul>"
    if path == "/basket":
        chosen = [GOODS[each] for each in parse_qs(query).get("add", ()) if each in GOODS]
        return 200, "Basket", f'<p role="status">In your basket: {escape(", ".join(chosen) or "nothing")}</p>'
    if name in GOODS:
        form = f'<input type="hidden" name="add" value="{name}"><button>Add to basket</button>'
        return 200, GOODS[name], f'<form action="/basket">{form}</form>'
    return 404, "Not found", "<p>There is no such page.</p>"


class Shop(BaseHTTPRequestHandler):
    """Answers for the shop."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a page."""
        asked = urlsplit(self.path)
        if asked.path == "/healthz":
            self._answer(200, "text/plain; charset=utf-8", "ok\n")
        elif os.environ.get("SHOP_BROKEN"):
            self._answer(500, "text/plain; charset=utf-8", "the database is away\n")
        else:
            status, title, body = render(asked.path, asked.query)
            self._answer(status, "text/html; charset=utf-8", PAGE.format(title=escape(title), body=body))

    def _answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep no log of requests."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Shop).serve_forever()
