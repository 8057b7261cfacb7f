"""The open model: arrivals start at their intended times, whether or not earlier ones have been answered."""

import random
import sys
import time
import traceback
from bisect import bisect
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import ceil, floor, inf
from secrets import token_hex
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

import gevent
from gevent.event import AsyncResult, Event
from gevent.pool import Pool
from locust import FastHttpUser, User, between, constant, constant_pacing
from locust.contrib.fasthttp import FastHttpSession, LocustBadStatusCode
from locust.env import Environment
from locust.exception import CatchResponseError, InterruptTaskSet, RescheduleTask, StopUser
from locust.rpc import Message
from locust.runners import WorkerRunner

from ...redaction import Redaction
from ...semantics.challenges import find_mark
from ..contents import Contents, came_from_cache, explain_unshareable, read_stated
from ..health import Window, plan_round, profile_of
from ..monitor import INTERVAL, Monitor
from ..profile import Arrival, Profile, Settings, arrivals, count_arrivals, host_index
from ..record import STAND_IN, UNCACHED, Moment, Tally, digest_code, read_versions
from .connections import NO_REQUEST, OPENING, OTHER_CLIENT, TASK, TIMEOUT, WRONG_CONTENT, Connections, classify_failure

# ── The tasks that an arrival may perform: those of the locustfile's users, by weight


class UnusableLocustfile(Exception):
    """The locustfile can't be driven by arrivals; the message says where, and what to write instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One task of one class of readers."""

    readers: type[FastHttpUser]
    perform: Callable[[Any], Any]
    weight: float

    @property
    def name(self) -> str:
        """Class and function, as written in the locustfile."""
        return f"{self.readers.__name__}.{self.perform.__name__}"


class WeightedTasks:
    """Every task with its share of the arrivals. Raises UnusableLocustfile."""

    def __init__(self, users: Sequence[type[User]]) -> None:
        self.tasks = [task for readers in users for task in _read_tasks(readers)]
        self.holds = {request: held for readers in users for request, held in _read_holds(readers).items()}
        """By request, what the locustfile states of its answers."""
        self._until = list(accumulate(task.weight for task in self.tasks))

    def choose(self, choice: float) -> Task:
        """Return the task that a number from 0 to 1 stands for."""
        return self.tasks[min(bisect(self._until, choice * self._until[-1]), len(self.tasks) - 1)]


def _where(readers: type[User]) -> str:
    return f"{getattr(sys.modules.get(readers.__module__), '__file__', readers.__module__)}: {readers.__name__}"


def _read_holds(readers: type[User]) -> dict[str, Any]:
    try:
        return read_stated(getattr(readers, "holds", {}))
    except ValueError as error:
        raise UnusableLocustfile(f"{_where(readers)} {error}") from error


#: Attributes of a class of users by which Locust would send another load than the gate does.
_UNUSED: Final = (
    "host",
    "fixed_count",
    "network_timeout",
    "connection_timeout",
    "max_redirects",
    "max_retries",
    "concurrency",
    "proxy_host",
    "proxy_port",
    "client_pool",
    "ssl_context_factory",
)
#: Think times between the tasks of one user change nothing where each task is the visit of a new reader.
_THINKING: Final = (between(0, 1).__code__, constant(0).__code__)
_PACING: Final = constant_pacing(1).__code__
#: Modules of protocols that are not measured; Locust itself imports none of them.
_PROTOCOLS: Final = {
    "grpc": "gRPC",
    "websocket": "WebSocket",
    "websockets": "WebSocket",
    "wsproto": "WebSocket",
    "autobahn": "WebSocket",
    "picows": "WebSocket",
    "socketio": "Socket.IO",
    "h2": "HTTP/2",
    "jh2": "HTTP/2",
    "aioquic": "HTTP/3",
    "qh3": "HTTP/3",
    "pycurl": "libcurl",
    "curl_cffi": "libcurl",
}


def _list_unused(readers: type[FastHttpUser]) -> Iterator[str]:
    """Yield what a class of users asks of Locust and the gate would not do."""
    for name in _UNUSED:
        if (value := getattr(readers, name)) != getattr(FastHttpUser, name):
            yield f"sets {name} = {value!r}, which the gate does not use; remove it, [load] says where and how"
    code = getattr(readers.wait_time, "__code__", None)
    if code not in _THINKING:
        other = "constant_throughput or pacing" if code is _PACING else "a function of its own"
        yield f"sets wait_time = {other}, which the gate does not use; write between(…), and 'rate' under [load]"
    if readers.on_stop is not User.on_stop:
        yield "has an on_stop, which the gate never calls; make it the end of a task"


def refuse_unmeasured(environment: Environment, readers: Sequence[type[User]]) -> None:
    """Raise UnusableLocustfile for a shape of the load, and for protocols that nothing here measures."""
    where = _where(readers[0]).rpartition(":")[0]
    if shape := environment.shape_class:
        raise UnusableLocustfile(
            f"{where}: {type(shape).__name__} is a LoadTestShape, which sets how many users there are; remove it, and "
            "write rate and duration of the profiles under [load]"
        )
    for name in sorted(_PROTOCOLS.keys() & sys.modules.keys()):
        raise UnusableLocustfile(
            f"{where}: it uses {_PROTOCOLS[name]} ({name}); the gate measures HTTP/1.1 alone, use another tool for that"
        )


def _read_tasks(readers: type[User]) -> list[Task]:
    where = _where(readers)
    if not issubclass(readers, FastHttpUser):
        raise UnusableLocustfile(
            f"{where} is no FastHttpUser; derive it from that, its self.client has the same methods; the gate measures "
            "HTTP/1.1 alone"
        )
    for unused in _list_unused(readers):
        raise UnusableLocustfile(f"{where} {unused}")
    if not readers.tasks:
        raise UnusableLocustfile(f"{where} has no tasks; mark what its readers do with @task")
    tasks: list[Any] = list(readers.tasks)
    for perform in tasks:
        if isinstance(perform, type) or not callable(perform):
            raise UnusableLocustfile(
                f"{where} has the task set {perform!r}; an arrival performs one @task method, write one"
            )
    return [Task(readers, perform, readers.weight / len(tasks)) for perform in tasks]


# ── The client of one reader: Locust's own fast session, timed from the intended start and counted in the tally

#: Passed through Locust with a request: by how many seconds it began late.
_LATE: Final = "prodgate-late"
#: Whether the body is left for the task to read.
_STREAMED: Final = "prodgate-streamed"
#: Names of requests that are kept; a locustfile names its requests, or else their addresses do.
_NAMES: Final = 4096


@lru_cache(_NAMES)
def _without_secrets(name: str) -> str:
    """Return the name of a request as the record has it: an address may hold what lets somebody in."""
    return Redaction().redact_text(name)


class Visit:
    """One arrival under way: when its first request was meant to start, and what has happened since."""

    __slots__ = ("begun", "ended", "failed", "intended", "moment", "request", "requests", "since", "tally", "uncached")

    def __init__(self, tally: Tally, intended: float, moment: Moment, *, uncached: bool = False) -> None:
        self.tally, self.intended, self.moment, self.uncached = tally, intended, moment, uncached
        self.requests = 0
        self.failed = self.ended = 0
        self.request = ""
        """The name of the request under way, "" between requests."""
        self.since = self.begun = intended

    def start(self, request: str) -> None:
        """Begin a request: the first is timed from the intended start, later ones from now."""
        self.begun = perf_counter()
        self.since = self.begun if self._count_request() else self.intended
        self.tally.standstills[self.moment.side].come(self.moment, self.since)
        self.tally.silences[self.moment.side].come(self.since)
        self.request = request

    def fail(self, request: str, kind: str, text: str) -> None:
        """Count a failure of a request."""
        self.failed += 1
        self._end()
        self.tally.count_failure(self.moment, request, kind, text)

    def succeed(self, request: str, latency: float, unshareable: str, doubt: str) -> None:
        """Count a success of a request, which took ``latency`` seconds."""
        self._end()
        self.tally.count_success(self.moment, request, latency, unshareable, doubt=doubt)
        self.tally.standstills[self.moment.side].serve(perf_counter())

    def _end(self) -> None:
        self.ended += 1
        self.tally.silences[self.moment.side].end()

    def fail_task(self, task: str, kind: str, text: str) -> None:
        """Count a failure outside any request as a request of its own, under the task's name."""
        self._count_request()
        self.fail(task, kind, text)

    def _count_request(self) -> bool:
        self.requests += 1
        if self.requests > 1:
            self.tally.count_follow_up(self.moment)
        return self.requests > 1


class Client:
    """Gives a user a session that counts every request; ``visit``, set before each task, is its arrival."""

    visit: Visit

    def __init__(self, user: FastHttpUser, host: str, profile: Profile, contents: Contents) -> None:
        self._profile, self._contents, self._user = profile, contents, user
        self._cacheable = cacheable_requests(type(user))
        self._locust: Callable[..., None] = user.environment.events.request.fire
        self._connections = Connections(host, timeout=profile.timeout)
        pool: Any = self._connections
        self._connections.uncounted = self._refuse
        session: Any = FastHttpSession(
            host, self, user, insecure=False, client_pool=pool, headers=user.default_headers, max_retries=0
        )
        session.client._conversation_str = _read_body
        self._send = session.request
        session.request = self._request
        user.host, user.client = host, session

    def _request(self, method: str, url: str, **given: Any) -> Any:
        """Send one request within its timeout; after one that failed, the next opens a connection of its own."""
        name, past = _without_secrets(given.pop("name", None) or url), self.visit.uncached and method == "GET"
        self.visit.start(f"{method} {name}{UNCACHED * past}")
        url = _pass_caches(url) if past else url
        failed, ended = self.visit.failed, self.visit.ended
        late = self.visit.begun - self.visit.since
        context = {**given.pop("context", {}), _LATE: late, _STREAMED: bool(given.get("stream"))}
        try:
            with self._connections.counting(), gevent.Timeout(max(self._profile.timeout - late, 0.001)):
                answer = self._send(method, url, name=name, context=context, **given)
        except Exception as error:
            if self.visit.ended == ended:  # the library decodes what came, and reports only some of what can be wrong
                self.visit.fail(self.visit.request, WRONG_CONTENT, f"it can't be decoded: {error}")
            raise
        if self.visit.failed > failed or getattr(answer, "error", None):
            self._connections.close()
        self.visit.request = ""
        return answer

    def _refuse(self, path: str) -> None:
        told = f"it asked for {_without_secrets(path)} by a client within self.client"
        self.visit.fail_task(type(self._user).__name__, OTHER_CLIENT, told)

    def close(self) -> None:
        """Close the reader's connections."""
        self._connections.close()

    def fire(self, **meta: Any) -> None:
        """Count a request that the session reports, and report it to Locust with the same latency."""
        response, error = meta["response"], _effective_error(meta["response"], meta["exception"])
        latency = meta["context"].pop(_LATE) + meta["response_time"] / 1000
        streamed = meta["context"].pop(_STREAMED)
        request, get_header = f"{meta['request_type']} {meta['name']}", _header_getter(response)
        if isinstance(getattr(error, "original", error), LocustBadStatusCode) and self._contents.expects(
            request, response.status_code
        ):
            meta["exception"] = error = None
        past = self.visit.uncached and meta["request_type"] == "GET" and not came_from_cache(get_header)
        told = f"{request}{UNCACHED * past}"
        mark = find_mark(response.status_code or 0, get_header)
        fault, doubt = ("", "") if error else self._examine(request, response, mark, streamed=streamed)
        if fault:
            kind = STAND_IN if mark else WRONG_CONTENT
            self.visit.fail(told, kind, fault)
            meta["exception"] = CatchResponseError(fault)
        elif error is None:
            reason = explain_unshareable(get_header) if told in self._cacheable else ""
            self.visit.succeed(told, latency, reason, doubt)
        else:
            begun = bool(response.status_code)
            kind = classify_failure(error, reused=not self._connections.fresh, begun=begun)
            kind = STAND_IN if kind.startswith("HTTP ") and mark else kind
            self.visit.fail(told, kind, _failure_text(response, error, kind))
        self._locust(**{**meta, "response_time": latency * 1000})

    def _examine(self, request: str, response: Any, mark: str, *, streamed: bool) -> tuple[str, str]:
        """Return why an answer without an error is no success, and why it is doubtful; one with a ``mark`` fails."""
        if streamed:
            self._contents.bare.add(request)
        if mark or streamed:
            return mark, ""
        # the path that an answer came from where redirects led elsewhere
        landed = urlsplit(str(response.request.url)).path if getattr(response, "history", None) else ""
        seen = request, response.status_code, _header_getter(response), response.content or b"", landed
        fault = self._contents.find_fault(*seen)
        return fault, "" if fault else self._contents.find_doubt(*seen)


def _effective_error(response: Any, reported: BaseException | None) -> Any:
    """Return what went wrong. A task's own verdict on a bad status, or on a missing answer, does not replace it.

    Locust considers a request without any answer ``ok``: its status is 0.
    """
    own = getattr(response, "error", None)
    return own if own and (not response.status_code or isinstance(reported, CatchResponseError)) else reported


def _pass_caches(url: str) -> str:
    """Return an address that no cache has seen, unless the cache ignores the query."""
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, (parts.query, f"uncached={token_hex(8)}")))).geturl()


def cacheable_requests(readers: type) -> Collection[str]:
    """Return the names of the requests whose responses the readers' class declares cacheable."""
    return frozenset(f"GET {name}" for name in getattr(readers, "cacheable", ()))


def _read_body(_url: str, response: Any, **_given: Any) -> str:
    """Read the body in place of the library's transcript of a bad answer, which fails unless it is UTF-8."""
    assert response.content is not None
    return ""


def _header_getter(response: Any) -> Callable[[str], str | None]:
    def header(name: str) -> str | None:
        values = response.headers.getlist(name) if response.headers is not None else ()
        return ", ".join(values) or None

    return header


def _failure_text(response: Any, error: BaseException, kind: str) -> str:
    """Return the body of an answer with a bad status, else what went wrong."""
    text = response.text if kind.startswith("HTTP ") else None
    return str(text or getattr(error, "original", None) or error or type(error).__name__)


#: Seconds between the order to begin and the start of the schedule.
LEAD: Final = 0.2
#: Seconds beyond the last timeout after which whatever still runs is killed.
DRAIN: Final = 1.0
#: Exceptions by which a task ends itself; they are no errors.
_DONE: Final = (InterruptTaskSet, RescheduleTask, StopUser)
#: Readers of one class and host that are remembered at most, if some return; the earliest are forgotten first.
REMEMBERED: Final = 500


class Arrivals:
    """One process's share of the arrivals. ``run`` performs them; ``stop`` ends them early."""

    def __init__(
        self, settings: Settings, tasks: WeightedTasks, environment: Environment, *, worker: int, workers: int
    ) -> None:
        self.settings, self.profile = settings, settings.profile
        self.tally = Tally(hosts=len(settings.hosts))
        self.finished = False
        self.monitor = Monitor(settings.own)
        self.started = time.time() + LEAD + self.profile.warm_up
        """When the measured window begins, Unix seconds."""
        self._zero = perf_counter() + LEAD + self.profile.warm_up
        self.clock_moved = 0.0
        """By how many seconds the clock of the machine was changed while the arrivals came, later or earlier."""
        self.contents = Contents({**tasks.holds, **read_stated(settings.holds)})
        self._tasks, self._environment = tasks, environment
        self._worker, self._workers = worker, workers
        self._stopping, self._over = Event(), Event()
        self._next: AsyncResult = AsyncResult()
        self._random = random.Random(self.profile.seed)  # noqa: S311
        self._gone: dict[tuple[type, int], deque[tuple[Any, Client]]] = defaultdict(deque)
        self.idle = {task.name for task in tasks.tasks}
        """The tasks that nobody has performed."""
        self._visits: dict[Any, tuple[Task, Visit]] = {}
        """Greenlet -> what it performs."""
        self._ports = {80, 443, *(urlsplit(host).port for host in settings.hosts)}

    def notice_client(self, event: str, given: tuple[Any, ...]) -> None:
        """Count another client of a task than its own as a failure: one that is imported, or connects to the web."""
        here: Any = gevent.getcurrent() if event in {"socket.connect", "import"} else None
        if here not in self._visits or here in OPENING:
            return
        (task, visit), used = self._visits[here], _PROTOCOLS.get(given[0]) if event == "import" else ""
        if used:
            visit.fail_task(
                task.name, OTHER_CLIENT, f"it uses {used} ({given[0]}), and the gate measures HTTP/1.1 alone"
            )
        elif event != "import" and isinstance(given[1], tuple) and given[1][1] in self._ports:
            visit.fail_task(task.name, OTHER_CLIENT, f"it opened a connection to {given[1][0]}:{given[1][1]}")

    @property
    def now(self) -> float:
        """The time in Unix seconds by the clock as it was at the start, whoever has set it since."""
        return self.started + perf_counter() - self._zero

    def stop(self, **_given: Any) -> None:
        """Stop at once: no more arrivals, no waiting."""
        self._stopping.set()
        self._over.set()

    def hold(self) -> None:
        """Let nobody arrive any more; requests under way may end or time out, and are counted."""
        self._over.set()

    def go_on(self, windows: list[Window]) -> None:
        """Take the windows that are measured next, none when enough is."""
        self._next.set(windows)

    def run(self, report: Callable[[], None]) -> None:
        """Perform every arrival, and wait for the last to end or time out.

        After each round ``report`` is called, whose answer is given to ``go_on``.
        """
        random.seed(self.profile.seed + self._worker)  # what the locustfile draws from
        under_way = Pool(self.profile.open_at_once)
        begin, shown = perf_counter() + LEAD, time.time() + LEAD
        self.started, self._zero = shown + self.profile.warm_up, begin + self.profile.warm_up
        watching = gevent.spawn(self._watch)
        everybody = self._send_rounds(under_way, report)
        watching.kill()
        self.monitor.reached = inf
        self.monitor.stop()
        if not self._stopping.is_set():
            self._drain(under_way, self.profile.patience if everybody else self.profile.timeout)
        self.finished = everybody and not self._stopping.is_set()
        self.clock_moved = (time.time() - shown) - (perf_counter() - begin)
        under_way.kill()

    def _watch(self) -> None:
        while True:
            slept = perf_counter()
            gevent.sleep(INTERVAL)
            self.monitor.note(slept)

    def _send_rounds(self, under_way: Pool, report: Callable[[], None]) -> bool:
        """Send round after round until enough was measured, and return whether it came to that."""
        zero, windows, number, planned = self._zero, plan_round(self.profile, ()), 0, 0
        if before := ceil(self.profile.warm_up):
            self.monitor.expect([Window(place=-1, second=-before, seconds=float(before))], zero)
        while windows:
            part = profile_of(self.profile, windows, number)
            self.monitor.expect(windows, zero)
            if not self._send_all(part, windows[0].second, zero, planned, under_way):
                return False
            self.monitor.reached = windows[-1].end
            while not self.monitor.idle:
                if self._over.wait(timeout=INTERVAL):
                    return False
            report()
            gevent.wait([self._next, self._over], count=1)
            if self._over.is_set():
                return False
            number, planned = number + 1, planned + count_arrivals(part)
            windows, self._next = tuple(self._next.get()), AsyncResult()
        return True

    def _send_all(self, part: Profile, second: int, zero: float, planned: int, under_way: Pool) -> bool:
        """Send every arrival of a round, which begins at a second, at its time; return whether it came to that."""
        begin = zero + second - part.warm_up
        for arrival in arrivals(part, worker=self._worker, workers=self._workers, first=planned):
            if self._over.wait(timeout=max(0.0, begin + arrival.at - perf_counter())):
                return False
            at = second + arrival.at - part.warm_up
            self._send(arrival, at if arrival.number >= 0 else min(-1, at), begin + arrival.at, under_way)
        return True

    def _send(self, arrival: Arrival, at: float, intended: float, under_way: Pool) -> None:
        """Send an arrival that was meant for a time in seconds since the warm-up ended, below 0 in it."""
        which = host_index(arrival.number, workers=self._workers, hosts=len(self.settings.hosts))
        moment, self.monitor.reached = Moment(floor(at), which), at
        free = under_way.free_count() > 0
        self.tally.count_sent(moment, free=free)
        if free:
            uncached = self._random.random() < self.profile.uncached
            visit = Visit(self.tally, intended, moment, uncached=uncached)
            under_way.spawn(self._perform, self._tasks.choose(arrival.choice), visit)

    def _drain(self, under_way: Pool, patience: float) -> None:
        empty = gevent.spawn(under_way.join)
        gevent.wait([empty, self._stopping], timeout=patience + DRAIN, count=1)
        empty.kill()

    def _perform(self, task: Task, visit: Visit) -> None:
        """Run one task; whatever goes wrong outside a request is counted as a failure too."""
        self.monitor.count_send_lag(visit.moment.second, perf_counter() - visit.intended)
        here: Any = gevent.getcurrent()
        self.idle.discard(task.name)
        self._visits[here] = task, visit
        try:
            self._run_task(task, visit)
            if not visit.requests:
                visit.fail_task(task.name, NO_REQUEST, "the task ended without a request")
        except gevent.GreenletExit:
            if not self._stopping.is_set():
                self._count_timeout(task, visit, "still under way when the run was over")
            raise
        except gevent.Timeout:
            self._count_timeout(task, visit, "no answer in time")
        except Exception as error:  # noqa: BLE001  whatever a locustfile does
            if not visit.failed:
                kind = TASK if visit.requests else NO_REQUEST
                visit.fail_task(task.name, kind, _locate_error(error))
        finally:
            del self._visits[here]

    @staticmethod
    def _count_timeout(task: Task, visit: Visit, why: str) -> None:
        """Count the request that was under way when the time was over, or that there was none."""
        if visit.request:
            visit.fail(visit.request, TIMEOUT, why)
        elif not visit.requests:
            visit.fail_task(task.name, NO_REQUEST, why)

    def _run_task(self, task: Task, visit: Visit) -> None:
        gone = self._gone[task.readers, visit.moment.side]
        back = gone and self._random.random() < self.profile.returning
        user, client = gone.pop() if back else self._meet(task, visit.moment.side)
        client.visit = visit
        try:
            if not back:
                user.on_start()
            with suppress(*_DONE):
                task.perform(user)
        except BaseException:
            client.close()
            raise
        self._part_from(user, client, gone)

    def _meet(self, task: Task, side: int) -> tuple[Any, Client]:
        """Return a reader who never was here: without a connection, without a cookie."""
        host = task.readers.host = self.settings.hosts[side]
        user = task.readers(self._environment)
        return user, Client(user, host, self.profile, self.contents)

    def _part_from(self, user: Any, client: Client, gone: deque[tuple[Any, Client]]) -> None:
        """Remember a reader where some return; close the connections of all others."""
        gone.append((user, client))
        if len(gone) > (REMEMBERED if self.profile.returning else 0):
            gone.popleft()[1].close()


def _locate_error(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}: {type(error).__name__}: {error}"


# ── The sending side: performs its arrivals and reports to the coordinator each second

#: A worker's message that it can take users, and then that it has them.
READY: Final = "prodgate-ready"
#: Messages between the two sides; a single process sends them to itself.
BEGIN: Final = "prodgate-begin"
PART: Final = "prodgate-part"
DONE: Final = "prodgate-done"
#: Stop sending: the run has clearly failed, or the site is broken.
HOLD: Final = "prodgate-hold"
#: The windows to measure next; none if enough are.
NEXT: Final = "prodgate-next"

#: Seconds between two parts.
REPORT_INTERVAL: Final = 1.0
#: Seconds between two words about who is ready, and between two looks at them.
READY_INTERVAL: Final = 0.1


def find_locustfile(environment: Environment) -> str:
    """Return the path of the project's own locustfile, beside which Locust loads ours."""
    options: Any = environment.parsed_options
    return str(options.locustfile).partition(",")[0]


class Sender:
    """Runs arrivals when Locust starts its user, as the coordinator's BEGIN says."""

    def __init__(self, environment: Environment, tasks: WeightedTasks) -> None:
        self._environment, self._tasks = environment, tasks
        self._ordered = Event()
        self._order: dict[str, Any] = {}
        self._running = False
        self._arrivals: Arrivals | None = None
        self._code = digest_code(find_locustfile(environment))
        assert environment.runner is not None
        self._runner = environment.runner
        self._runner.register_message(BEGIN, self._receive_begin)
        self._runner.register_message(HOLD, self._receive_hold)
        self._runner.register_message(NEXT, self._receive_next)
        if isinstance(self._runner, WorkerRunner):
            gevent.spawn(self._report_ready)

    def _report_ready(self) -> None:
        """Say it again until the load begins: a master whose own locustfile still waits does not hear it."""
        while not self._ordered.is_set():
            self._runner.send_message(READY, {"running": self._running})
            gevent.sleep(READY_INTERVAL)

    def _receive_begin(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002  Locust's names
        self._order = msg.data
        self._ordered.set()

    def _receive_hold(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        if self._arrivals is not None:
            self._arrivals.hold()

    def _receive_next(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        if self._arrivals is not None:
            self._arrivals.go_on([Window(**each) for each in msg.data["windows"]])

    def run(self) -> None:
        """Perform this process's arrivals; the last message says how many requests there were."""
        self._running = True
        self._ordered.wait()
        order = self._order
        settings = Settings.from_json(order["settings"])
        arrivals = Arrivals(settings, self._tasks, self._environment, worker=order["worker"], workers=order["workers"])
        self._arrivals = arrivals
        sys.addaudithook(arrivals.notice_client)
        stopping: Any = self._environment.events.test_stopping
        stopping.add_listener(arrivals.stop)
        sending = gevent.spawn(self._send_parts, arrivals)
        try:
            arrivals.run(lambda: self._send(PART, self._take_part(arrivals)))
        finally:
            sending.kill()
            for standstill in arrivals.tally.standstills:
                standstill.close()
            self._send(PART, self._take_part(arrivals))
            last: dict[str, Any] = {"finished": arrivals.finished, "settled": arrivals.tally.settled}
            last |= {"clock": arrivals.clock_moved, "versions": read_versions(), "code": self._code}
            self._send(DONE, last)

    def _send_parts(self, arrivals: Arrivals) -> None:
        while True:
            gevent.sleep(REPORT_INTERVAL)
            self._send(PART, self._take_part(arrivals))

    def _take_part(self, arrivals: Arrivals) -> dict[str, Any]:
        silences = [each.measure(perf_counter()) for each in arrivals.tally.silences]
        told = {"at": arrivals.now, "started": arrivals.started, "silences": silences}
        told["holds"] = arrivals.contents.describe()
        told["learned"], told["idle"] = arrivals.contents.learned, list(arrivals.idle)
        return {**told, "book": arrivals.tally.take(), "windows": arrivals.monitor.take()}

    def _send(self, kind: str, data: dict[str, Any]) -> None:
        self._runner.send_message(kind, {**data, "worker": self._order["worker"]})
