"""Launches Chromium so that it reaches only the site, and changes nothing there."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any, Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, CDPSession, Error, Playwright

from ..settings import BrowserSettings

# ── A SOCKS proxy (RFC 1928) on loopback for the WebSockets of a browser, and for nothing else
# Chromium does not report WebSockets with its requests, but opens them through its proxy. TLS stays between the browser
# and the server: the proxy knows the host and the port, never the content.

#: Whether a WebSocket to a host and a port may be opened.
Admits = Callable[[str, int], bool]
#: The name of the gate in Chromium, which takes every name below localhost for this machine.
HOST: Final = "sockets.localhost"
#: Seconds that a greeting, or a connection to a server, may take.
_PATIENCE: Final = 10.0
_VERSION, _CONNECT, _NO_AUTHENTICATION = 5, 1, 0
#: Replies: succeeded, host unreachable, not allowed by ruleset.
_DONE, _UNREACHABLE, _NOT_ALLOWED = 0, 4, 2
#: Type of an address -> its length; a name states its own.
_LENGTHS: Final = {1: 4, 4: 16}
_NAME: Final = 3
_CHUNK: Final = 65536


@contextmanager
def open_socket_gate(admits: Admits) -> Iterator[int]:
    """Yield the port of a gate that is open while the context is."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, EOFError, ValueError):  # the client is gone, or speaks another protocol
                _serve(self.request, admits)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sockets", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _serve(client: socket.socket, admits: Admits) -> None:
    """Connect a client with the server that it names, if that is admitted. Raises OSError, EOFError and ValueError."""
    client.settimeout(_PATIENCE)
    host, port = _read_request(client)
    if not admits(host, port):
        client.sendall(_reply(_NOT_ALLOWED))
        return
    try:
        server = socket.create_connection((host, port), _PATIENCE)
    except OSError:
        client.sendall(_reply(_UNREACHABLE))
        return
    with server:
        client.sendall(_reply(_DONE))
        client.settimeout(None)
        server.settimeout(None)
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _read_request(client: socket.socket) -> tuple[str, int]:
    """Read greeting and request; return the requested host and port."""
    version, methods = _read(client, 2)
    _read(client, methods)
    client.sendall(bytes((_VERSION, _NO_AUTHENTICATION)))
    if version != _VERSION or _read(client, 2) != bytes((_VERSION, _CONNECT)):
        raise ValueError("no request of SOCKS 5 to connect")
    _, kind = _read(client, 2)
    place = _read(client, _read(client, 1)[0] if kind == _NAME else _LENGTHS.get(kind, 0))
    host = place.decode("idna") if kind == _NAME else str(ip_address(place))
    return host, int(struct.unpack("!H", _read(client, 2))[0])


def _read(client: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        if not (more := client.recv(count - len(read))):
            raise EOFError
        read += more
    return read


def _reply(code: int) -> bytes:
    return bytes((_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0))


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side ends, and let the other know."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


# ── Refuses requests that could change a site, where they leave Chromium: from every page, worker and context
# A Playwright route does not see a request if a test has a route of its own, and never sees shared workers, service
# workers, beacons of a closing page, ``fetchLater`` and redirects. A session of the browser itself is closest to the
# network: it sees each of these, each hop of a redirect, and requests as changed by a test's own route.

#: Called for a refused request with the reason ("changes", "foreign" or "untouched"), method and address.
OnRefused = Callable[[str, str, str], object]
#: Stands for the method of a refused WebSocket; its path is unknown.
SOCKET: Final = "WEBSOCKET"


def record_nothing(_why: str, _method: str, _url: str) -> None:
    """Record nothing."""


@dataclass
class NetworkGuard:
    """Decides on each request and WebSocket of a browser. Its rules depend on the current user of the browser."""

    settings: BrowserSettings
    mutates: bool = False
    """Whether requests that change something are allowed at the moment."""
    acting: bool = False
    """Whether the gate acts at the moment, and not a page by itself or a journey."""
    refused: OnRefused = record_nothing

    def attach(self, browser: Browser) -> None:
        """Attach this guard to every request of a browser from now on."""
        session = browser.new_browser_cdp_session()
        session.on("Fetch.requestPaused", partial(self._answer, session))
        session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def find_objection(self, method: str, url: str) -> str:
        """Return why a request is refused, "foreign", "changes" or "untouched"; empty when it may be sent."""
        try:
            if not self.settings.is_allowed(url):
                return "foreign"
        except ValueError:  # not an address that a request could go to
            return "foreign"
        if self.settings.may_change(method, url) and not self.mutates:
            return "changes"
        return "untouched" if self.acting and self.settings.why_untouched(url) else ""

    def admits_socket(self, host: str, port: int) -> bool:
        """Whether a WebSocket to a host may be opened; one that may not is recorded."""
        if self.settings.allows_socket(host, port, mutates=self.mutates):
            return True
        self.refused("changes", SOCKET, f"{host}:{port}")
        return False

    def _answer(self, session: CDPSession, event: Mapping[str, Any]) -> None:
        method, url = event["request"]["method"], event["request"]["url"]
        why = self.find_objection(method, url)
        with suppress(Error):  # a request, or a browser, that is gone meanwhile
            if not why:
                session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
                return
            self.refused(why, method, url)
            session.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"})


#: Options of every context, unless a test sets others. The readers are in Tokyo.
CONTEXT: Final[dict[str, Any]] = {"locale": "en-US", "timezone_id": "Asia/Tokyo", "service_workers": "block"}
#: Blocks traffic that would bypass Chromium's requests and proxies: WebRTC, and WebTransport, whose packets need room.
_NO_UDP: Final = (
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--quic-max-packet-length=1",
)
#: Removes WebRTC from every page and frame of a context (workers have none): over TCP it bypasses proxies and requests.
WITHOUT_PEERS: Final = "for (const each of ['RTCPeerConnection', 'webkitRTCPeerConnection']) delete globalThis[each];"
#: Features by which Chromium sends a site something past request interception.
UNWATCHED: Final = ("Reporting", "NetworkErrorLogging", "DeviceBoundSessions", "BackgroundFetch")
#: Disabled features: these, and those that Playwright disables, since only the last list counts.
DISABLED: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
    *UNWATCHED,
)  # fmt: skip
#: Switches that only we set: Chromium takes the first of some, and some would bypass the guard.
OURS: Final = (
    "--proxy-",
    "--no-proxy-server",
    "--host-",
    "--disable-features=",
    "--quic-",
    "--disable-quic",
    "--webrtc-",
)


def launch_arguments(settings: BrowserSettings, gate: int) -> dict[str, Any]:
    """Return the launch arguments of Chromium; ``gate`` is the port of the gate for WebSockets.

    Undeclared host names don't resolve, for any requester.
    """
    known = {*settings.hosts, *settings.third_parties, *settings.partners, settings.host, HOST}
    names = sorted({host.partition(":")[0] for host in known})
    rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in names)])
    proxies = f"http=direct://;https=direct://;socks=socks5://{HOST}:{gate}"
    arguments = [f"--host-resolver-rules={rules}", f"--proxy-server={proxies}", "--proxy-bypass-list=<-loopback>"]
    arguments += [*_NO_UDP, f"--disable-features={','.join(DISABLED)}", "--disable-dev-shm-usage"]
    arguments += [f"--ignore-certificate-errors-spki-list={settings.pin}"] if settings.pin else []
    return {"args": arguments, **({"executable_path": settings.program} if settings.program else {})}


def launch(playwright: Playwright, guard: NetworkGuard, gate: int) -> Browser:
    """Start a guarded Chromium."""
    browser = playwright.chromium.launch(**launch_arguments(guard.settings, gate))
    guard.attach(browser)
    return browser


def describe_browser(browser: Browser) -> dict[str, str]:
    """Return the versions of the browser and of its driver."""
    axe = AXE_FILE_PATH.read_text("utf-8")[:40].split()[2].removeprefix("v")
    return {"name": "Chromium", "version": browser.version, "playwright": version("playwright"), "axe": axe}
