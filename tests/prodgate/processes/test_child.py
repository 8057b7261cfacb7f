"""Child processes: no wait is without a limit, all leftovers are killed, and a confined one does nothing of what it
gave up."""

import ctypes
import errno
import os
import platform
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final
from unittest.mock import Mock

import pytest

from prodgate.processes import interpreter, sandbox
from prodgate.processes.child import (
    Process,
    clean_environment,
    end_child,
    end_group,
    ends_within,
    read_first_line,
    wait_for_exit,
)
from prodgate.processes.ending import describe_missing, describe_refusal, naming
from prodgate.processes.interpreter import own_python
from prodgate.processes.memory import ARENAS, share_heaps
from prodgate.processes.progress import hide_tracebacks
from prodgate.run.machine import read_versions

#: A child that ignores what asks it to end, and says when it does.
STUBBORN = (
    "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)]\n"
    "print('ready', flush=True); time.sleep(300)"
)


def start_stubborn() -> subprocess.Popen[bytes]:
    child = subprocess.Popen((sys.executable, "-c", STUBBORN), stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"ready\n"
    child.stdout.close()
    return child


@pytest.mark.parametrize("end", [end_group, end_child])
def test_one_that_ignores_everything_is_killed(end: Callable[[subprocess.Popen[bytes], float], None]) -> None:
    child = start_stubborn()
    end(child, 0.1)
    assert child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("error", [subprocess.TimeoutExpired("child", 30), KeyboardInterrupt()], ids=repr)
def test_pipes_are_closed_however_the_wait_for_a_child_ends(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(("cat",), stdin=pipe, stdout=pipe, stderr=pipe) as child:
        with monkeypatch.context() as patch:
            patch.setattr(child, "wait", Mock(side_effect=error))
            with pytest.raises(type(error)):
                end_child(child, 0)
        assert [each.closed for each in (child.stdin, child.stdout, child.stderr) if each] == [True] * 3


def test_what_a_killed_child_started_is_killed_with_it(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path / 'pid'}; echo ready; wait"
    with subprocess.Popen(("/bin/sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout.readline() == b"ready\n"
        end_group(child, 0.0)
        assert child.stdout.read() == b""  # returns once nobody holds the other end


def test_a_child_that_takes_too_long_is_ended_and_said(tmp_path: Path) -> None:
    # a run in the background of a shell hands on that SIGINT is ignored; this child takes it as usual
    script = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); time.sleep(300)"
    )
    environment = {"PATH": os.environ["PATH"]}
    reading, writing = os.pipe()
    with Process((sys.executable, "-c", script), cwd=tmp_path, environment=environment, stdout=writing) as process:
        os.close(writing)
        assert read_first_line(reading) == "ready"
        with pytest.raises(subprocess.TimeoutExpired, match="python"):
            process.wait(0.1)
    os.close(reading)
    assert process.child.returncode == -signal.SIGINT


def test_a_first_line_that_never_comes_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    began = monotonic()
    os.write(writing, b"half a line")
    assert read_first_line(reading, limit=0.2) == ""
    assert monotonic() - began < 50
    os.write(writing, b", the rest\nand more")
    assert read_first_line(reading, limit=60) == ", the rest"
    os.close(writing)
    assert read_first_line(reading, limit=60) == ""
    os.close(reading)


def test_a_forked_process_is_waited_for_no_longer_than_said() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    assert not wait_for_exit(child, 0.1)
    os.close(writing)
    assert wait_for_exit(child, 30)
    os.close(reading)


def test_a_child_that_another_thread_reaps_meanwhile_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(("true",)) as child:
        assert child.wait(30) == 0
        monkeypatch.setattr(child, "poll", lambda: None)  # as long as the other thread holds its lock
        assert ends_within(child, 30)


@pytest.mark.parametrize("known", [True, False], ids=["pidfd", "polling"])
def test_the_end_is_noticed_with_and_without_help_of_the_system(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    if not known:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen(("true",)) as child:
        assert ends_within(child, 30)
    other = start_stubborn()
    assert not ends_within(other, 0.1)
    end_group(other, 0.0)
    forked = os.fork()
    if forked == 0:
        os._exit(0)
    assert wait_for_exit(forked, 30)


# ── Memory

#: Sixteen threads hold memory at the same time; glibc says on stderr how many heaps there are.
SCRIPT = """
import ctypes, sys, threading
from prodgate.processes.memory import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
together = threading.Barrier(16)
def hold():
    kept = [bytes(1000) for _ in range(100)]
    together.wait(60)
threads = [threading.Thread(target=hold) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print("apart" if any(thread.is_alive() for thread in threads) else "together")
getattr(ctypes.CDLL(None), "malloc_stats", lambda: None)()
"""


@pytest.mark.parametrize("how", ["shared", "apart"])
def test_threads_share_two_heaps(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "together\n"
    heaps = len(re.findall(r"^Arena \d+:", done.stderr, re.MULTILINE))
    if platform.libc_ver()[0] == "glibc":
        assert (heaps <= ARENAS) is (how == "shared"), done.stderr
        assert heaps
    else:
        assert not heaps, "what is said here of other libraries is not so; count their heaps, too"


def test_a_library_without_the_setting_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: asked.append(name) or object())
    share_heaps()
    assert asked == [None]


# ── Progress

SAID = """static: starting
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    main()
    ~~~~^^
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 2, in <module>

OSError: [Errno 27] File too large
  indented, and no call
static: judging"""


def test_calls_are_left_out() -> None:
    assert [line for line in hide_tracebacks(SAID.splitlines()) if line] == [
        "static: starting",
        "KeyError: 'a'",
        "During handling of the above exception, another exception occurred:",
        "OSError: [Errno 27] File too large",
        "  indented, and no call",
        "static: judging",
    ]


# ── A lifeline

CHILD = """
import os, sys
from prodgate.processes.lifeline import ENDING, hear_signals, read_commands
{prelude}
parent, heard = os.getppid(), hear_signals(*ENDING)
print("ready", flush=True)
for line in read_commands(heard, parent):
    print("heard", line, flush=True)
print("over", flush=True)
"""


def start(prelude: str = "") -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        (sys.executable, "-c", CHILD.format(prelude=prelude)), stdin=pipe, stdout=pipe, text=True, bufsize=1
    )
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT])
def test_it_reads_commands_until_it_is_told_to_end(how: str | signal.Signals) -> None:
    with start() as child:
        child.stdin.write("one\ntwo\n")
        assert [child.stdout.readline() for _ in range(2)] == ["heard one\n", "heard two\n"]
        if isinstance(how, signal.Signals):
            child.send_signal(how)
        out, _ = child.communicate(timeout=120)
        assert (out, child.returncode) == ("over\n", 0)


@pytest.mark.parametrize("prelude", ["", "del os.pidfd_open"], ids=["pidfd", "looking"])
def test_it_ends_with_its_parent_though_its_input_stays_open(prelude: str) -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=0, stdout=subprocess.PIPE, text=True)\n"
        "print(child.stdout.readline(), end='', flush=True)\n"
    )
    script = CHILD.format(prelude=prelude).replace('print("over", flush=True)', "os.write(2, b'over')")
    pipe = subprocess.PIPE
    with subprocess.Popen((sys.executable, "-c", parent, script), stdin=pipe, stdout=pipe, stderr=pipe) as started:
        assert started.stderr.read() == b"over"  # returns once the child has ended, too
        assert started.wait(120) == 0


#: Of two signals at once, the system may hand both to a thread that is not the main one.
TAKEN = """
import signal, threading
from prodgate.processes.lifeline import interrupted_once
def take():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.pthread_kill(threading.get_ident(), number)
try:
    with interrupted_once():
        threading.Timer(0.1, take).start()
        threading.Event().wait()
except KeyboardInterrupt as error:
    print("interrupted", repr(error.__context__))
"""


def test_a_signal_that_another_thread_takes_interrupts_the_main_one_once() -> None:
    done = subprocess.run((sys.executable, "-c", TAKEN), capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.stderr) == ("interrupted None\n", "")


# ── Exit codes

ENDING = """
import sys
from prodgate.processes.ending import end_with
def command():
    print("said", end="")
    {last}
end_with(command, broken=3, usage=4)
"""


@pytest.mark.parametrize(
    ("last", "code", "with_full"),
    [
        ("return 0", 0, 3),
        ("return 1", 1, 1),
        ("return 2", 2, 2),
        ("sys.exit(0)", 0, 3),
        ("sys.exit(4)", 4, 4),
        ("sys.exit('no')", 4, 4),
        ("sys.exit()", 4, 4),
        ("sys.stdout.flush(); return 1", 1, 3),
        ("raise OSError(28, 'No space left on device')", 3, 3),
    ],
)
def test_a_command_ends_with_its_code(last: str, code: int, with_full: int) -> None:
    command = [sys.executable, "-c", ENDING.format(last=last)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=buffered)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (code, "said", False)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=full, check=False, timeout=60, env=buffered)
    assert done.returncode == with_full


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_nothing_is_begun_where_nobody_hears_of_it(closed: tuple[int, ...], tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    script = ENDING.format(last=f"open({str(begun)!r}, 'w'); return 0")
    shut = " ".join(f"{number}>&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shut}', "sh", sys.executable, "-c", script], check=False, timeout=60
    )
    assert (done.returncode, begun.exists()) == (3, False)


SAYS: Final = "import json, queue, sys; print(json.__file__, queue.__file__, sys.pycache_prefix, sys.flags.optimize)"


@pytest.mark.parametrize(
    ("flags", "settings"),
    [((), {}), ((), {"PYTHONPYCACHEPREFIX": "."}), ((), {"PYTHONPATH": f"{os.pathsep}/nowhere"}),
     ((), {"PYTHONOPTIMIZE": "2"}), ((), {"PYTHONPLATLIBDIR": "."}), (("-E",), {"PYTHONPATH": "."}),
     (("-I",), {"PYTHONPATH": "."})],
)  # fmt: skip
def test_nothing_around_a_child_stands_in_for_its_modules(
    tmp_path: Path, flags: tuple[str, ...], settings: dict[str, str]
) -> None:
    """A child of a child: the processes it starts ignore the same surroundings as it does."""
    (tmp_path / "queue.py").write_text("import json; json.__file__ = __file__")
    usual = subprocess.run(own_python("-c", SAYS), capture_output=True, text=True, check=True).stdout
    script = (
        "import os, subprocess\nfrom prodgate.processes.child import clean_environment\n"
        "from prodgate.processes.interpreter import own_python\n"
        f"os.environ |= {settings!r}\nsubprocess.run(own_python('-c', {SAYS!r}), cwd={str(tmp_path)!r}, env=clean_environment())"
    )
    done = subprocess.run((sys.executable, *flags, "-c", script), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (usual, "")


@pytest.mark.parametrize("name", ["PYTHON_PRESITE", "PYTHONINTMAXSTRDIGITS", "PYTHONPROFILEIMPORTTIME", "PYTHONNEXT"])
def test_no_other_setting_of_python_reaches_a_child(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert name not in clean_environment()


#: Where the interpreter is named for something else than a child: a release, a neighbour, a team's command.
_NAMES: Final = {"engines/environments.py", "layers/rollout/observing.py", "migrations/breaking.py"}


def test_one_place_says_how_the_gates_own_interpreter_is_started() -> None:
    package = Path(interpreter.__file__).parents[1]
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "sys.executable" in path.read_text("utf-8")
    }
    assert found == {"processes/interpreter.py", *_NAMES}


def test_a_write_that_fails_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No space left on device: '.*report\.html'"), naming(tmp_path / "report.html"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert describe_refusal(OSError(errno.EFBIG, "File too large", "x")) == "x: File too large; no verdict"


def test_a_machine_without_ipv4_is_told_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    said = describe_refusal(OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"))
    assert said == "127.0.0.1, which the gate needs: Cannot assign requested address; no verdict"
    assert not capsys.readouterr().err, "no bug of the gate"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("boto3", "boto3 is not installed, which asks AWS; pip install 'prod-gate[core]'"),
        ("botocore.config", "botocore is not installed, which asks AWS; pip install 'prod-gate[core]'"),
        ("prodgate.nothing", ""),
        (None, ""),
    ],
)
def test_what_an_extra_brings_is_named_and_nothing_else(name: str | None, said: str) -> None:
    assert describe_missing(ModuleNotFoundError(name=name)) == said


# ── A confined process does nothing of what it gave up; the same code outside of a sandbox does it

#: Confines itself as it is told, does something, and says whether that was refused.
PROGRAM = """
import errno, os, signal, socket, subprocess, sys, threading
from contextlib import suppress
from pathlib import Path
from prodgate.processes import sandbox
from prodgate.run.machine import read_versions
from prodgate.processes.sandbox import confine

base = Path(sys.argv[1])
libc = sandbox.ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    if libc.syscall(number, *map(sandbox.ctypes.c_long, arguments)) < 0:
        raise OSError(sandbox.ctypes.get_errno(), "refused")

{before}
{confine}
try:
    {does}
except (OSError, MemoryError, ValueError) as error:
    print("refused", getattr(error, "errno", ""))
else:
    print("done")
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are Linux's")
ABSTRACT = "listening = socket.socket(socket.AF_UNIX); listening.bind(chr(0) + str(base)); listening.listen()"


def run(base: Path, does: str, confine: str = "", before: str = "") -> subprocess.CompletedProcess[str]:
    for name in ("inside", "outside"):
        (base / name).mkdir(exist_ok=True)
        (base / name / "file").write_text("kept")
    command = (sys.executable, "-c", PROGRAM.format(does=does, confine=confine, before=before), str(base))
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def has_landlock(version: int = 1) -> bool:
    return sys.platform == "linux" and sandbox._find_landlock(sandbox.ctypes.CDLL(None)) >= version


INSIDE = "confine(write=[base / 'inside'])"
WITHOUT_LANDLOCK = "sandbox._find_landlock = lambda _: 0"


@LINUX
@pytest.mark.parametrize(
    ("does", "confine"),
    [
        *(
            (f"socket.socket(socket.{family}, socket.{kind})", INSIDE)
            for family, kind in [("AF_INET", "SOCK_STREAM"), ("AF_INET", "SOCK_DGRAM"), ("AF_INET6", "SOCK_STREAM"),
                                 ("AF_INET6", "SOCK_DGRAM"), ("AF_NETLINK", "SOCK_RAW"), ("AF_UNIX", "SOCK_STREAM")]
        ),
        ("call(425, 8, 0)", INSIDE),  # io_uring_setup, for which 0 is a bad address
        ("os.setsid()", INSIDE),
        ("os.fork() or os._exit(0)", "confine(processes=0)"),
        ("subprocess.run(['true'])", "confine(processes=0)"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "confine(processes=0)"),
        ("os.memfd_create('memory')", INSIDE),
        ("sandbox.resource.prlimit(os.getppid(), sandbox.resource.RLIMIT_CORE)", INSIDE),
        ("os.kill(os.getppid(), 0)", INSIDE),
        ("os.kill(os.getppid(), 0)", f"{WITHOUT_LANDLOCK}; {INSIDE}"),
        ("os.kill(os.getppid(), signal.SIGCONT)", "confine(unix_sockets=True)"),
        ("socket.socket()", "confine(unix_sockets=True)"),
        ("socket.socket(type=socket.SOCK_DGRAM)", "confine(port=80)"),
        ("bytearray(2**29)", "confine(memory=2**28, reserves=True)"),
        ("os.kill(0, 0)", f"{WITHOUT_LANDLOCK}; {INSIDE}"),
        ("signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)", f"{WITHOUT_LANDLOCK}; {INSIDE}"),
        ("signal.pthread_kill(threading.main_thread().ident, 0) or os.kill(1, 0)", f"{WITHOUT_LANDLOCK}; {INSIDE}"),
        ("bytearray(2**29)", "confine(memory=2**28)"),
        ("(base / 'inside/large').write_bytes(bytes(2**21))", "confine(write=[base / 'inside'], file_size=2**20)"),
        ("[open(os.devnull) for _ in range(sandbox.OPEN + 1)]", INSIDE),
        ("sandbox.resource.setrlimit(sandbox.resource.RLIMIT_AS, (-1, -1))", INSIDE),
    ],
)  # fmt: skip
def test_what_is_given_up_is_refused(tmp_path: Path, does: str, confine: str) -> None:
    before = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    assert run(tmp_path, does, before=before).stdout in ("done\n", f"refused {errno.EFAULT}\n")
    assert run(tmp_path, does, confine, before).stdout.startswith("refused")


@pytest.mark.skipif(not has_landlock(3), reason="this kernel has no Landlock, or an old one")
@pytest.mark.parametrize("folder", ["inside", "outside"])
@pytest.mark.parametrize(
    "does",
    [
        "(folder / 'file').write_text('')",
        "(folder / 'new').write_text('')",
        "(folder / 'file').unlink()",
        "(folder / 'file').rename(folder / 'moved')",
        "(folder / 'file').rename(base / 'inside' / 'taken')",
        "(base / 'inside' / 'file').rename(folder / 'given')",
        "os.link(base / 'inside' / 'file', folder / 'linked')",
        "os.truncate(folder / 'file', 0)",
        "(folder / 'below').mkdir()",
        "os.symlink('file', folder / 'symbolic')",
        "os.mkfifo(folder / 'pipe')",
        "(base / 'inside' / 'way').symlink_to(folder); (base / 'inside' / 'way' / 'by').write_text('')",
    ],
)
def test_writes_stay_below_the_folders(tmp_path: Path, does: str, folder: str) -> None:
    before = f"folder = base / {folder!r}"
    assert run(tmp_path, does, before=before).stdout == "done\n"
    for left in [each for each in tmp_path.rglob("*") if each.is_symlink() or not each.is_dir()]:
        left.unlink()
    if (tmp_path / folder / "below").exists():
        (tmp_path / folder / "below").rmdir()
    expected = "done\n" if folder == "inside" else f"refused {errno.EACCES}\n"
    said = run(tmp_path, does, INSIDE, before).stdout
    assert said == expected or (folder == "outside" and said == f"refused {errno.EXDEV}\n")


@LINUX
@pytest.mark.parametrize(
    "does",
    [
        "socket.socketpair()",
        "socket.socket(socket.AF_UNIX); os.kill(os.getppid(), 0)",
        "(base / 'outside' / 'file').read_text(); list(base.iterdir())",
        "open(os.devnull, 'w').write('x')",
        "threading.Thread(target=print).start()",
        "os.kill(os.getpid(), 0); signal.pthread_kill(threading.main_thread().ident, 0); signal.raise_signal(0)",
        "child = subprocess.Popen(['sleep', '60']); child.kill(); child.wait()",
        "sandbox.resource.getrlimit(sandbox.resource.RLIMIT_AS)",
    ],
)
def test_what_programs_need_stays(tmp_path: Path, does: str) -> None:
    confined = run(tmp_path, does, f"confine(write=[base / 'inside'], unix_sockets={'AF_UNIX' in does})")
    if "child" in does and not has_landlock(6):
        pytest.skip("without the scopes of Landlock a process can signal itself alone")
    assert confined.stdout.strip() == "done", confined.stderr


@pytest.mark.skipif(not has_landlock(6), reason="this kernel has no scopes of Landlock")
def test_abstract_sockets_of_others_are_out_of_reach(tmp_path: Path) -> None:
    does, confine = "socket.socket(socket.AF_UNIX).connect(chr(0) + str(base))", "confine(unix_sockets=True)"
    assert run(tmp_path, does, before=ABSTRACT).stdout == "done\n"
    assert run(tmp_path, does, confine, before=ABSTRACT).stdout == f"refused {errno.EPERM}\n"


@LINUX
@pytest.mark.parametrize("before", ["", WITHOUT_LANDLOCK])
def test_the_memory_of_the_parent_is_out_of_reach(tmp_path: Path, before: str) -> None:
    """As root too, which may read and change any process, unless that one hides and root gives the right up."""
    parent = f"{before}\nsandbox.hide_memory()\nif os.fork(): os._exit(os.waitpid(-1, 0)[1])"
    does = "open(f'/proc/{os.getppid()}/mem', 'rb+').close()"
    assert run(tmp_path, does, INSIDE, parent).stdout.startswith("refused")
    if os.getuid() == 0:
        assert run(tmp_path, does, "", parent).stdout == "done\n"


@LINUX
def test_a_process_that_computes_too_long_is_ended(tmp_path: Path) -> None:
    assert run(tmp_path, "[0 for _ in iter(int, 1)]", "confine(cpu=1)").returncode == -signal.SIGXCPU


@LINUX
def test_processes_of_the_user_are_counted(tmp_path: Path) -> None:
    """Root's are not, since the system exempts it."""
    before = "os.getuid() or os.setuid(65534)"
    assert run(tmp_path, "os.fork() or os._exit(0)", before=before).stdout == "done\n"
    assert (
        run(tmp_path, "os.fork() or os._exit(0)", "confine(processes=1)", before).stdout == f"refused {errno.EAGAIN}\n"
    )


@pytest.mark.parametrize(
    ("before", "confine", "expected"),
    [
        ("", "confine(write=[base / 'inside'], memory=2**30, cpu=7, file_size=3 * 2**20, processes=0)",
         ["at most 1 GiB of memory, 7 s of processor time, 3 MiB in a file, 256 open files",
          "writes only below {base}/inside (Landlock {version})", "no network, no other process (seccomp)"]),
        ("", "confine(port=80)", ["no network but TCP to port 80 (seccomp)"]),
        ("", "confine(port=80, unix_sockets=True)", ["no network but unix sockets and TCP to port 80 (seccomp)"]),
        ("", "confine(unix_sockets=True)",
         ["at most 2 GiB of memory, 300 s of processor time, 256 MiB in a file, 256 open files",
          "no writes (Landlock {version})", "no network but unix sockets (seccomp)"]),
        (f"{WITHOUT_LANDLOCK}; sandbox._MACHINES.clear()", "confine(memory=1000)",
         ["at most 1000 bytes of memory, 300 s of processor time, 256 MiB in a file, 256 open files",
          "no Landlock: this kernel has none; it writes wherever its user may",
          f"no seccomp (the calls of {platform.machine()} are not known): the network is open"]),
        ("sandbox._MACHINES.clear()", "confine()", ["no seccomp (the calls of … are not known): the network is open but for TCP"]),
        ("sys.platform = 'darwin'; sandbox.ctypes.CDLL = None", "confine()",
         ["no seccomp and no Landlock: darwin has neither; network and writes are open"]),
    ],
)  # fmt: skip
@pytest.mark.skipif(not has_landlock(4), reason="this kernel has no Landlock, or an old one")
def test_it_says_what_is_in_force(tmp_path: Path, before: str, confine: str, expected: list[str]) -> None:
    said = run(tmp_path, "print(*said, sep=chr(10))", f"said = {confine}", before)
    version = sandbox._find_landlock(sandbox.ctypes.CDLL(None))
    for each in expected:
        words = each.format(base=tmp_path, version=version).replace("…", platform.machine())
        assert words in said.stdout.splitlines(), said


@pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock")
def test_the_run_says_what_a_sandbox_is_here() -> None:
    version = sandbox._find_landlock(sandbox.ctypes.CDLL(None))
    assert read_versions()["sandbox"] == f"no writes (Landlock {version}); no network (seccomp)"


@pytest.mark.parametrize(
    ("before", "confine", "error"),
    [
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "confine()",
         "RuntimeError: confine: there are 2 threads already; call it before the first one"),
        ("", "confine(write=[base / 'missing'])", "FileNotFoundError: [Errno 2] No such file or directory"),
    ],
)  # fmt: skip
def test_a_misuse_is_an_error(tmp_path: Path, before: str, confine: str, error: str) -> None:
    assert error in run(tmp_path, "pass", confine, before).stderr


ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.EPERM


def decide(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """A filter's answer to a call, by seccomp(2) and the kernel's pages on BPF."""
    data = struct.pack(
        "=iIQ6Q", number - (number >> 31 << 32), architecture, 0, *arguments, *[0] * (6 - len(arguments))
    )
    at = value = 0
    while True:
        code, met, unmet, operand = struct.unpack_from("=HBBI", program, at * 8)
        at += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            value = struct.unpack_from("=I", data, operand)[0]
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += met if holds else unmet


@pytest.mark.parametrize(
    ("machine", "socket", "clone", "other"), [("x86_64", 41, 56, 0xC00000B7), ("aarch64", 198, 220, 0x40000003)]
)
def test_the_filter_of_each_machine(machine: str, socket: int, clone: int, other: int) -> None:
    architecture, column = sandbox._MACHINES[machine]
    rules = [*sandbox._make_rules(scoped=False, starts=False, unix=True, tcp=False)]
    program = b"".join(sandbox._assemble(rules, architecture, column))
    cases = {
        (architecture, socket, 1): ALLOWED,
        (architecture, socket, 2): REFUSED,
        (architecture, socket, (5 << 32) + 1): ALLOWED,  # the kernel reads the lower half, too
        (architecture, socket, (1 << 32) + 2): REFUSED,
        (architecture, clone, 0x10000): ALLOWED,
        (architecture, clone, 0x11): REFUSED,
        (architecture, 435): 0x00050000 | errno.ENOSYS,
        (architecture, 0x40000000 + socket, 1): REFUSED,
        (architecture, 0xFFFFFFFF): REFUSED,
        (architecture, 0): ALLOWED,
        (other, 0): REFUSED,
    }
    assert {case: decide(program, *case) for case in cases} == cases
