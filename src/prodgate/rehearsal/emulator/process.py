"""The process of an emulated account: it serves until its parent ends, and copies the account by forking."""

import gc
import json
import os
import signal
import socket
import sys
import threading
import time
import warnings
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from secrets import compare_digest, token_urlsafe
from typing import Any, Final, NoReturn

from ...aws.clients import make_proxy_authorization
from ...processes.child import KILLED, wait_for_exit
from ...processes.lifeline import ENDING, hear_signals, read_commands
from ..loopback import QuietHandler, QuietServer, read_body
from ..scenario import seed_account
from . import load
from .calls import IncomingRequest, Reply
from .codedeploy import conduct, read_told
from .dispatch import Emulator, Fault

# ── Serves the emulated account at a port of this machine, as the HTTP proxy that its clients use

#: The path for requests that concern the rehearsal and not AWS; no AWS host has such a path.
ADMIN: Final = "/_prodgate/"


class Server(QuietServer):
    """Serves one account; knows its open connections, so that a forked copy can drop them."""

    request_queue_size = 256

    def __init__(self, emulator: Emulator, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.emulator, self.token = listening, emulator, token_urlsafe()
        self.server_name, self.server_port = "127.0.0.1", listening.getsockname()[1]
        self.connections: set[socket.socket] = set()

    @property
    def endpoint(self) -> str:
        """Where it listens, and the token without which nobody is answered."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}"

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        accepted, address = super().get_request()
        self.connections.add(accepted)
        return accepted, address

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self.connections.discard(request)
        super().shutdown_request(request)


class Handler(QuietHandler):
    """Reads requests off a connection and writes answers, each in one piece."""

    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def handle_expect_100(self) -> bool:
        """Send 100 Continue at once; otherwise the client would wait for a second."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def answer(self) -> None:
        """Answer one request; whoever was not given the endpoint is refused, whatever it is about."""
        if not self._take_token():
            self.close_connection = True
            self._write(Reply(status=403, body=b"this account belongs to a rehearsal that gave you no token"), [])
            return
        # a proxy receives the requested URL whole
        url = self.path if self.path.startswith("http") else f"http://{self.headers.get('Host', '')}{self.path}"
        sent = IncomingRequest(method=self.command, url=url, headers=dict(self.headers.items()), body=read_body(self))
        if self.path.startswith(ADMIN):
            self._write(answer_admin(self.server.emulator, sent, self.path.removeprefix(ADMIN)), [])
            return
        reply, faults = self.server.emulator.answer(sent)
        time.sleep(sum(fault.delay for fault in faults))
        self._write(reply, faults)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

    def _take_token(self) -> bool:
        """Whether the request holds the token: as a proxy is given it, or in its path, from which it is taken."""
        own = f"/{self.server.token}"
        stated, rest = self.path[: len(own)], self.path[len(own) :]
        if compare_digest(stated.encode(), own.encode()) and rest[:1] in ("", "/", "?"):
            self.path = rest if rest.startswith("/") else f"/{rest}"
            return True
        # a client may use it as a proxy and as its endpoint, whose path may end with the token
        self.path = self.path.replace(f"{own}/", "/", 1).replace(own, "/", 1)
        shown = make_proxy_authorization(self.server.endpoint)
        return compare_digest(self.headers.get("Proxy-Authorization", "").encode(), shown.encode())

    def _write(self, reply: Reply, faults: list[Fault]) -> None:
        told = {name.lower(): value for name, value in reply.headers.items()}
        length = told.pop("content-length", "") if self.command == "HEAD" else ""
        self.send_response_only(reply.status)
        self.send_header("Date", formatdate(time.time() + sum(each.clock_skew for each in faults), usegmt=True))
        self.send_header("Content-Length", length or str(len(reply.body)))
        for name in told.keys() - {"content-length", "date", "transfer-encoding"}:
            self.send_header(name, told[name].replace("\r", " ").replace("\n", " "))
        self.end_headers()
        cut = min((each.truncate for each in faults if each.truncate >= 0), default=len(reply.body))
        self.close_connection = self.close_connection or cut < len(reply.body)
        self.wfile.write(b"" if self.command == "HEAD" else reply.body[:cut])
        self.wfile.flush()


def answer_admin(emulator: Emulator, sent: IncomingRequest, what: str) -> Reply:
    """Answer a request about the rehearsal itself: faults, past, Airflow, deployments, numbers of calls."""
    with emulator.lock:
        try:
            held = _administer(emulator, sent, what)
        except (TypeError, ValueError) as error:
            return Reply(status=400, body=str(error).encode())
    if held is None:
        return Reply(status=404, body=b"")
    return Reply(status=200, body=json.dumps(held).encode(), headers={"Content-Type": "application/json"})


def _administer(emulator: Emulator, sent: IncomingRequest, what: str) -> Any:
    match sent.method, what:
        case "POST", "seed":
            return seed_account(json.loads(sent.body), emulator)
        case "POST", "airflow":
            return emulator.store_everywhere("mwaa", "airflow", json.loads(sent.body))
        case "POST", "conduct":
            service, region, kinds = read_told(sent.body)
            conduct(emulator.ledger(service, region), kinds)
        case "POST", "faults":
            emulator.faults.add(json.loads(sent.body))
        case "DELETE", "faults":
            emulator.faults.all.clear()
        case "DELETE", "calls":
            emulator.calls.clear()
        case "GET", "faults" | "calls":
            pass
        case _:
            return None
    return dict(emulator.calls) if what == "calls" else [asdict(each) for each in emulator.faults.all]


def open_listener() -> socket.socket:
    """Return a socket that listens at a free port of this machine alone."""
    return socket.create_server(("127.0.0.1", 0), backlog=Server.request_queue_size)


#: Seconds that a copy has to end by itself once its lifeline is closed.
GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Branch:
    """A copy of the account. It ends when ``lifeline``, which the parent alone holds, is closed."""

    process: int
    lifeline: int


@dataclass(slots=True)
class Branches:
    """The running copies of the account, by port."""

    server: Server
    running: dict[int, Branch] = field(default_factory=dict)

    def begin(self) -> str:
        """Fork a copy of the account in its present state; return its endpoint."""
        copy, (lifeline, held) = Server(self.server.emulator, open_listener()), os.pipe()
        # no call is half done while this holds the lock; threads of the server hold no other
        with self.server.emulator.lock:
            gc.freeze()
            # a signal between the fork and the child's reset of its handlers would be swallowed by the inherited ones
            before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
            child = os.fork()
        if child == 0:
            os.close(held)
            self._serve_copy(copy, lifeline, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(lifeline)
        copy.socket.close()
        self.running[copy.server_port] = Branch(child, held)
        return copy.endpoint

    def _serve_copy(self, copy: Server, lifeline: int, mask: set[int | signal.Signals]) -> NoReturn:
        """Drop the parent's resources, and serve the copy until the lifeline is closed or a signal comes."""
        signal.set_wakeup_fd(-1)
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for inherited in (self.server.socket, *self.server.connections):
            os.close(inherited.detach())
        for other in self.running.values():
            os.close(other.lifeline)  # held here as well, it would keep that copy alive
        os.close(0)
        copy.start()
        os.read(lifeline, 1)
        os._exit(0)

    def end(self, port: int) -> None:
        """End a copy; kill it if it does not end within the grace period."""
        if (branch := self.running.pop(port, None)) is None:
            return
        os.close(branch.lifeline)
        if not wait_for_exit(branch.process, GRACE):
            os.kill(branch.process, signal.SIGKILL)
            wait_for_exit(branch.process, KILLED)


def serve(account: str) -> None:
    """Serve an account until stdin is closed, a signal comes, or the parent has ended."""
    parent = os.getppid()
    heard = hear_signals(*ENDING)
    # moto and forks in a process with threads cause warnings; readers of our stderr can mend neither
    warnings.simplefilter("ignore")
    load()
    server = Server(Emulator(account), open_listener())
    server.start()
    branches = Branches(server)
    _write_line(server.endpoint)
    for line in read_commands(heard, parent):
        _run_command(branches, line)
    for port in tuple(branches.running):
        branches.end(port)
    sys.stdout.flush()
    os._exit(0)


def _run_command(branches: Branches, line: str) -> None:
    """Execute a line from stdin: ``branch NUMBER``, which is answered with the number, or ``end PORT``."""
    match line.split():
        case ["branch", number]:
            _write_line(f"{number} {branches.begin()}")
        case ["end", port] if port.isdigit():
            branches.end(int(port))
        case _:
            sys.stderr.write(f"emulator: stdin: {line!r} is no command; write branch NUMBER, or end PORT\n")


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
