"""A page that writes in every way that a page can, and a server that counts the requests."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prodgate.rehearsal.edge import CertificateOptions, issue_certificate
from prodgate.rehearsal.loopback import QuietServer
from tests.servers import Handler

_SENDING = "fetch('/w/{0}', {{method: 'POST'}}); new WebSocket(location.origin.replace('http', 'ws') + '/w/ws-{0}')"
#: Way -> the script of a page that writes so, at the latest when it is left; each to ``/w/<way>``.
WAYS: Mapping[str, str] = {
    "fetch": "fetch('/w/fetch', {method: 'POST'})",
    "put": "fetch('/w/put', {method: 'PUT'})",
    "patch": "fetch('/w/patch', {method: 'PATCH'})",
    "custom": "fetch('/w/custom', {method: 'PURGE'})",
    "keepalive": "fetch('/w/keepalive', {method: 'POST', keepalive: true})",
    "xhr": "const x = new XMLHttpRequest(); x.open('DELETE', '/w/xhr'); x.send()",
    "beacon": "navigator.sendBeacon('/w/beacon', 'x')",
    "pagehide": "addEventListener('pagehide', () => navigator.sendBeacon('/w/pagehide', 'x'))",
    "last-fetch": "addEventListener('pagehide', () => fetch('/w/last-fetch', {method: 'POST', keepalive: true}))",
    "hidden": "document.addEventListener('visibilitychange', () => navigator.sendBeacon('/w/hidden', 'x'))",
    "later": "fetchLater('/w/later', {method: 'POST', activateAfter: 0})",
    "at-last": "fetchLater('/w/at-last', {method: 'POST'})",
    "form": "add(`<iframe name=inner></iframe><form method=post action=/w/form target=inner></form>`).submit()",
    "ping": "add(`<a href='#' ping=/w/ping>there</a>`).click()",
    "frame": "add(`<iframe src='/frame'></iframe>`)",
    "sandbox": "add(`<iframe sandbox=allow-scripts src='/sandbox'></iframe>`)",
    "popup": "open('/popup')",
    "stranger": "open('/stranger', '_blank', 'noopener')",
    "policy": "",
    "sync": "const y = new XMLHttpRequest(); y.open('POST', '/w/sync', false); try { y.send() } catch { /* it says so at once */ }",
    "multipart": "const form = new FormData(); form.append('a', new Blob(['x'])); fetch('/w/multipart', {method: 'POST', body: form})",
    "elsewhere": "add(`<form method=post action=/w/elsewhere target=_blank></form>`).submit()",
    "button": "add(`<iframe name=pressed></iframe><form target=pressed><button formmethod=post formaction=/w/button></button></form>`).firstChild.click()",
    "nameless": "add(`<iframe credentialless src='/nameless'></iframe>`)",
    "object": "add(`<object data='/object' type='text/html'></object>`)",
    "written": "add(`<iframe></iframe>`).srcdoc = `<scr${''}ipt>fetch('/w/written', {method: 'POST'})</scr${''}ipt>`",
    "message": "navigator.serviceWorker.ready.then((one) => one.active.postMessage('go'))",
    "synced": """navigator.serviceWorker.ready.then((one) => one.sync.register('x')).catch(() => missing('synced'))""",
    "worker": "new Worker('/worker.js')",
    "nested": "new Worker('/outer.js')",
    "blob": "new Worker(URL.createObjectURL(new Blob([`fetch('${origin}/w/blob', {method: 'POST', mode: 'no-cors'})`])))",
    "shared": "new SharedWorker('/shared.js')",
    "service": "navigator.serviceWorker.register('/service.js')",
    "background": """navigator.serviceWorker.ready.then((one) => one.backgroundFetch.fetch('x',
        [new Request('/w/background', {method: 'POST'})])).catch(() => missing('background'))""",
    "socket": "new WebSocket(origin.replace('http', 'ws') + '/w/socket')",
    "stream": "new WebSocketStream(origin.replace('http', 'ws') + '/w/stream')",
}
#: Ways other than HTTP requests, which the server counts by datagrams, and by connections without TLS.
DATAGRAMS = {
    "transport": "new WebTransport(origin + '/w/transport').ready.catch(() => 0).then(() => done('transport'))",
    "peer": """const p = new RTCPeerConnection({iceServers: [{urls: 'stun:' + location.host}]});
        p.onicegatheringstatechange = () => p.iceGatheringState === 'complete' && done('peer');
        p.createDataChannel('x'); p.createOffer().then((offer) => p.setLocalDescription(offer))""",
    # over TCP, with the class of a window that is only just made
    "tcp-peer": """const turn = {urls: 'turn:' + location.host + '?transport=tcp', username: 'a', credential: 'b'};
        const q = new (add(`<iframe></iframe>`).contentWindow.RTCPeerConnection)({iceServers: [turn]});
        q.createDataChannel('x'); q.createOffer().then((offer) => q.setLocalDescription(offer))""",
}
#: A way that a headless shell accepts without using it, and a whole Chromium uses.
WHOLE = {"background"}
#: Contexts with scripts of their own: each writes once over HTTP, and once over a WebSocket.
_OWN_SCRIPTS = ("frame", "nameless", "object", "sandbox", "popup", "stranger", "worker", "nested", "shared", "service")
SOCKETS = {"socket", "stream", *(f"ws-{each}" for each in _OWN_SCRIPTS)}
_SCRIPT = {
    "/worker.js": _SENDING.format("worker"),
    "/nested.js": _SENDING.format("nested"),
    "/outer.js": "new Worker('/nested.js')",
    "/shared.js": _SENDING.format("shared"),
    "/service.js": _SENDING.format("service")
    + "; onmessage = () => fetch('/w/message', {method: 'POST'}); onsync = () => fetch('/w/synced', {method: 'POST'})",
}
_PAGE = {f"/{each}": _SENDING.format(each) for each in ("frame", "nameless", "object", "popup", "stranger")}
_PAGE["/sandbox"] = _SENDING.format("sandbox").replace("'POST'", "'POST', mode: 'no-cors'")
_ALL = "".join(
    f"try {{ {script} }} catch (e) {{ missing('{way}') }}\n" for way, script in {**WAYS, **DATAGRAMS}.items()
)
_BODY = f"""<!doctype html><title>All</title><script>
const origin = location.origin; window.lacking = []; window.ended = [];
const missing = (way) => lacking.push(way), done = (way) => ended.push(way);
const add = (html) => {{ document.body.insertAdjacentHTML('beforeend', html); return document.body.lastChild; }};
addEventListener('load', () => {{ {_ALL} }});
</script><body><img src=/none.png></body>"""


class Counting:
    """The address of the server, and the requests that could change something."""

    def __init__(self, port: int, pin: str, authority: Path) -> None:
        self.url, self.pin, self.authority = f"https://127.0.0.1:{port}", pin, authority
        self.arrived: list[str] = []

    @property
    def ways(self) -> set[str]:
        """The ways that a request used."""
        return {each.rpartition("/")[2] for each in self.arrived}


@contextmanager
def counting_site(scratch: Path) -> Iterator[Counting]:
    """Serve the page, and count requests that could change something, WebSockets and datagrams."""
    shown = issue_certificate(scratch, CertificateOptions(name="localhost"), "TLSv1.2")

    class Recording(Handler):
        protocol_version, timeout = "HTTP/1.1", 60

        def setup(self) -> None:
            made.arrived += ["TCP /tcp-peer"] * (not _begins_tls(self.request))
            self.request = shown.context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            self.request.close()

        def do_GET(self) -> None:
            self.read_body()
            if self.headers.get("Upgrade") or self.command not in ("GET", "HEAD", "OPTIONS"):
                made.arrived.append(f"{self.command} {self.path}")
            headers, body = _answer(self.path, made.url)
            self.reply(200, body, **headers)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_PURGE = do_OPTIONS = do_GET

    server = _Server(("127.0.0.1", 0), Recording)
    made = Counting(server.server_port, shown.pin, shown.authority)
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.05,)),
        threading.Thread(target=_count_datagrams, args=(made, server.datagrams)),
    ]
    for each in threads:
        each.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.datagrams.sendto(b"", server.datagrams.getsockname())
        for each in threads:
            each.join()
        server.datagrams.close()
        server.server_close()


def _begins_tls(client: socket.socket) -> bool:
    """Whether a client begins a handshake, or has nothing to say."""
    return client.recv(1, socket.MSG_PEEK) in (b"\x16", b"")


class _Server(QuietServer):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.server_port))


def _count_datagrams(made: Counting, datagrams: socket.socket) -> None:
    while data := datagrams.recvfrom(4096)[0]:
        # STUN is twenty bytes without attributes, QUIC's first packet fills a datagram
        made.arrived.append("UDP /peer" if len(data) < 500 else "UDP /transport")


def _answer(path: str, url: str) -> tuple[dict[str, str], bytes]:
    if path in _SCRIPT:
        return {"Content-Type": "text/javascript"}, _SCRIPT[path].encode()
    if path in _PAGE:
        return {"Content-Type": "text/html"}, f"<!doctype html><script>{_PAGE[path]}</script>".encode()
    if path != "/all":
        return {"Content-Type": "text/html"}, b"<!doctype html><p>Nothing"
    reports = {"group": "errors", "max_age": 3600, "endpoints": [{"url": f"{url}/w/nel"}]}
    logging = {"report_to": "errors", "max_age": 3600, "success_fraction": 1.0, "failure_fraction": 1.0}
    return {
        "Content-Type": "text/html",
        "Content-Security-Policy": "img-src 'none'; report-uri /w/policy",
        "Content-Security-Policy-Report-Only": "img-src 'none'; report-to reports",
        "Reporting-Endpoints": f'reports="{url}/w/report"',
        "Report-To": json.dumps(reports),
        "NEL": json.dumps(logging),
    }, _BODY.encode()
