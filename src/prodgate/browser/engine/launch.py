"""Launches Chromium so that it reaches nothing but the site, and changes nothing there."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Playwright

from ..settings import BrowserSettings
from .network_guard import NetworkGuard
from .socket_gate import HOST

#: Options of every context, unless a test sets others. The readers are in Tokyo.
CONTEXT: Final[dict[str, Any]] = {"locale": "en-US", "timezone_id": "Asia/Tokyo", "service_workers": "block"}
#: Against what would leave Chromium past its requests and proxies: WebRTC, and WebTransport, whose packets need room.
_NO_UDP: Final = (
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--quic-max-packet-length=1",
)
#: Takes WebRTC from every page and frame of a context (workers have none): over TCP it goes past proxies and requests.
WITHOUT_PEERS: Final = "for (const each of ['RTCPeerConnection', 'webkitRTCPeerConnection']) delete globalThis[each];"
#: Features by which Chromium sends a site something past whatever watches requests.
UNWATCHED: Final = ("Reporting", "NetworkErrorLogging", "DeviceBoundSessions", "BackgroundFetch")
#: Features that are off: these, and those that Playwright turns off, since only the last list counts.
DISABLED: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
    *UNWATCHED,
)  # fmt: skip
#: Switches that only we set: of some Chromium takes the first, and some would lead past the guard.
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

    Names of hosts that are not declared don't resolve, whoever asks for them.
    """
    known = {*settings.hosts, *settings.third_parties, *settings.partners, settings.host, HOST}
    rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in sorted(known))])
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
    """Return the versions of the browser and of what drives it."""
    axe = AXE_FILE_PATH.read_text("utf-8")[:40].split()[2].removeprefix("v")
    return {"name": "Chromium", "version": browser.version, "playwright": version("playwright"), "axe": axe}
