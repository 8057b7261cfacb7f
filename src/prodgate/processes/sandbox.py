"""The child's side: what a process gives up, for good, before it runs what it doesn't trust.

Three mechanisms of the system, none of which needs a privilege. seccomp refuses calls: sockets of a network, a look
into another process, a signal to it. Landlock refuses writes outside of some folders. Limits bound memory, processor
time and files. Open descriptors stay what they are, and whatever the process starts inherits all of it.
The standard library alone, so that a process without site-packages can use it. Why, and what it can't do:
docs/decisions/0053-one-sandbox.md.
"""

import ctypes
import errno
import os
import resource
import signal
import stat
import struct
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

#: Files that are open at a time: more than what reads one file after the other needs.
OPEN: Final = 256
_SIZES: Final = {name: 2**power for name, power in (("GiB", 30), ("MiB", 20), ("KiB", 10))}

# linux/prctl.h, linux/capability.h
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
_CAPABILITIES_3, _OPENS_ALL = 0x20080522, 0b110

# linux/landlock.h: what each version of it knows, as far as it is about writes, sockets and signals
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITES: Final = {1: 0b1_1111_1111_0010, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_WRITES_OF_FILES: Final = 1 << 1 | 1 << 14 | 1 << 15
_TCP, _CONNECT, _ABSTRACT_SOCKETS, _SIGNALS = 0b11, 0b10, 0b01, 0b10
#: The versions that know TCP, and signals and abstract sockets.
_KNOWS_TCP, _KNOWS_SCOPES = 4, 6

# linux/filter.h, linux/seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000
_X32: Final = 0x4000_0000
#: The kernel's number of an architecture, and which of the numbers of a call are its own.
_MACHINES: Final = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
#: A number that no call has.
_NONE: Final = 0xFFFF_FFFF
#: The numbers of calls on x86_64 and on aarch64.
_CALLS: Final = {
    "clone": (56, 220), "clone3": (435, 435), "fcntl": (72, 25), "fork": (57, _NONE), "io_uring_setup": (425, 425),
    "ioctl": (16, 29), "kill": (62, 129), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "prlimit64": (302, 261),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setpgid": (109, 154), "setsid": (112, 157),
    "shmget": (29, 194), "socket": (41, 198), "socketpair": (53, 199), "tgkill": (234, 131), "tkill": (200, 130),
    "vfork": (58, _NONE),
}  # fmt: skip
#: Refused whatever is asked: io_uring opens sockets past a filter; a group that is left isn't ended with the gate;
#: memory that belongs to no process is not counted by a limit; the rest reaches into other processes.
_REFUSED: Final = (
    "io_uring_setup", "memfd_create", "memfd_secret", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace",
    "setpgid", "setsid", "shmget",
)  # fmt: skip
_AF_UNIX, _CLONE_THREAD = 1, 0x0001_0000
#: SOCK_STREAM, as it is or with what else is stated in the same number: to be closed by exec, and not to wait.
_STREAMS: Final = (1, 0x8_0001, 0x8_0801)
#: Commands of ioctl that type into a terminal: TIOCSTI, TIOCLINUX.
_TYPE: Final = (0x5412, 0x541C)
#: Commands of fcntl and ioctl that let the system send a signal to whoever they name.
_F_SETOWN, _F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 8, 15, 0x8901, 0x8902


class _Rule(NamedTuple):
    """A call that is refused, except for admitted values of an argument, or only for refused values."""

    call: str
    argument: int = 0
    admitted: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    test: int = _EQUAL
    error: int = errno.EPERM


def confine(
    *,
    write: Sequence[Path] = (),
    memory: int = 2 * _SIZES["GiB"],
    cpu: int = 300,
    file_size: int = 256 * _SIZES["MiB"],
    processes: int | None = None,
    unix_sockets: bool = False,
    port: int | None = None,
    reserves: bool = False,
) -> tuple[str, ...]:
    """Confine this process, and return in plain words what is in force and what is not.

    It writes only below ``write``, takes ``memory`` bytes of address space and ``cpu`` seconds, and reaches no network.
    A runtime that ``reserves`` much more than it uses, as Go's does, has its data counted instead. ``unix_sockets``
    reach programs of this machine, and let it see whether they run; ``port`` is one that it may connect to. With 0
    ``processes`` it has threads, and starts no process; another number counts whatever runs as the same user, and
    binds everybody but root.
    A system that lacks something is no error. Raises RuntimeError when there are threads, which would keep what they
    may, and OSError for a folder that is not there.
    """
    running = _count_threads()
    if running != 1:
        raise RuntimeError(f"confine: there are {running} threads already; call it before the first one")
    limits = _limit(resource.RLIMIT_DATA if reserves else resource.RLIMIT_AS, memory, cpu, file_size, processes)
    if sys.platform != "linux":
        return limits, f"no seccomp and no Landlock: {sys.platform} has neither; network and writes are open"
    libc = ctypes.CDLL(None, use_errno=True)
    hide_memory()
    _give_up_privileges(libc)
    version = _find_landlock(libc)
    scopes = (_ABSTRACT_SOCKETS | _SIGNALS * (not unix_sockets)) if version >= _KNOWS_SCOPES else 0
    walled = _wall_off(libc, version, write, scopes, port)
    if walled.startswith("no Landlock"):
        version = scopes = 0
    rules = _make_rules(scoped=bool(scopes & _SIGNALS), starts=processes != 0, unix=unix_sockets, tcp=port is not None)
    refused = _install(libc, rules)
    tcp = f"TCP to port {port}" if version >= _KNOWS_TCP else "TCP"
    if refused:
        return limits, walled, f"no seccomp ({refused}): the network is open" + " but for TCP" * (version >= _KNOWS_TCP)
    open_ = " but " + " and ".join(filter(None, ("unix sockets" * unix_sockets, tcp * (port is not None))))
    alone = ", no other process" * (processes == 0)
    return limits, walled, f"no network{open_ * (unix_sockets or port is not None)}{alone} (seccomp)"


def describe() -> str:
    """Say what a sandbox on this machine keeps a process from, as one says that confines itself for that."""
    # no process that confines itself needs these, which take as long to import as all else
    import subprocess  # noqa: PLC0415

    from .interpreter import own_python  # noqa: PLC0415

    done = subprocess.run(own_python("-I", "-S", __file__), capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or f"none: {done.stderr.strip()[-200:]}"


def end_when_killed() -> None:
    """Be killed when the thread that started this process is gone, on Linux, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def hide_memory() -> None:
    """Keep processes of the same user from reading and changing this one, on Linux; it leaves no core dump, either."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def _count_threads() -> int:
    with suppress(OSError):  # another system, or no /proc
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208  sees those that Python did not start, too
    return threading.active_count()


def _limit(counted: int, memory: int, cpu: int, file_size: int, processes: int | None) -> str:
    """Set the limits, or leave lower ones that hold already, and say which hold."""
    wanted = [
        (counted, memory, f"{_spell(memory)} of memory"),
        (resource.RLIMIT_CPU, cpu, f"{cpu} s of processor time"),
        (resource.RLIMIT_FSIZE, file_size, f"{_spell(file_size)} in a file"),
        (resource.RLIMIT_NOFILE, OPEN, f"{OPEN} open files"),
        (resource.RLIMIT_CORE, 0, ""),
    ]
    if processes and os.getuid():
        wanted.append((resource.RLIMIT_NPROC, processes, f"{processes} processes of this user"))
    held = []
    for kind, most, words in wanted:
        ceiling = resource.getrlimit(kind)[1]
        last = most + (kind == resource.RLIMIT_CPU)  # SIGXCPU, which says why it ended, comes a second before SIGKILL
        low, high = (most, last) if ceiling == resource.RLIM_INFINITY else (min(most, ceiling), min(last, ceiling))
        with suppress(OSError, ValueError):  # macOS takes none for memory
            resource.setrlimit(kind, (low, high))
            held.append(words)
    return f"at most {', '.join(filter(None, held))}"


def _spell(size: int) -> str:
    return next((f"{size / unit:g} {name}" for name, unit in _SIZES.items() if size >= unit), f"{size} bytes")


def _give_up_privileges(libc: ctypes.CDLL) -> None:
    """Never gain privileges again, by no program; and as root, keep only what opens the files of others."""
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header, sets = struct.pack("=Ii", _CAPABILITIES_3, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, sets) == 0:
        kept = struct.unpack("=6I", sets.raw)[1] & _OPENS_ALL
        libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def _find_landlock(libc: ctypes.CDLL) -> int:
    """Return the version of Landlock that this kernel has; 0 is none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_long(0), ctypes.c_long(1))))


def _wall_off(libc: ctypes.CDLL, version: int, folders: Sequence[Path], scopes: int, port: int | None) -> str:
    """Let this process write below these folders alone, as far as this version of Landlock can; say how far."""
    opened = [os.open(each, os.O_PATH | os.O_CLOEXEC) for each in map(str, (*folders, os.devnull))]
    if not version:
        return "no Landlock: this kernel has none; it writes wherever its user may"
    writes = sum(bits for since, bits in _WRITES.items() if since <= version)
    handled = [writes, *[_TCP] * (version >= _KNOWS_TCP), *[scopes] * (version >= _KNOWS_SCOPES)]
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_long(len(attributes)), ctypes.c_long(0))
    for each in opened:
        allowed = writes if stat.S_ISDIR(os.fstat(each).st_mode) else writes & _WRITES_OF_FILES
        beneath = struct.pack("=Qi", allowed, each)
        libc.syscall(_ADD_RULE, ctypes.c_long(ruleset), ctypes.c_long(1), beneath, ctypes.c_long(0))
    if port is not None and version >= _KNOWS_TCP:
        to = struct.pack("=2Q", _CONNECT, port)
        libc.syscall(_ADD_RULE, ctypes.c_long(ruleset), ctypes.c_long(2), to, ctypes.c_long(0))
    if libc.syscall(_RESTRICT_SELF, ctypes.c_long(ruleset), ctypes.c_long(0)):
        return f"no Landlock ({os.strerror(ctypes.get_errno())}): it writes wherever its user may"
    for each in (ruleset, *opened):
        os.close(each)
    places = ", ".join(map(str, folders))
    return f"writes only below {places} (Landlock {version})" if places else f"no writes (Landlock {version})"


def _make_rules(*, scoped: bool, starts: bool, unix: bool, tcp: bool) -> Iterator[_Rule]:
    """Yield the calls that are refused; where Landlock is ``scoped``, it keeps signals within this process's own."""
    yield from map(_Rule, _REFUSED)
    yield _Rule("socket", 1, admitted=_STREAMS) if tcp else _Rule("socket", admitted=(_AF_UNIX,) * unix)
    yield _Rule("socketpair", admitted=(_AF_UNIX,))
    yield _Rule("prlimit64", admitted=(0, os.getpid()))
    yield _Rule("ioctl", 1, refused=(*_TYPE, _FIOSETOWN, _SIOCSPGRP))
    if not scoped:
        yield from (_Rule(each, admitted=(os.getpid(),)) for each in ("tkill", "tgkill"))
        yield _Rule("kill", 1, admitted=(0,)) if unix else _Rule("kill", admitted=(os.getpid(),))
        yield _Rule("pidfd_send_signal", 1, admitted=(0,) * unix)  # 0 is no signal, and asks whether it runs
        yield from map(_Rule, ("rt_sigqueueinfo", "rt_tgsigqueueinfo"))
        yield _Rule("fcntl", 1, refused=(_F_SETOWN, _F_SETOWN_EX))
    if not starts:
        yield from (_Rule("fork"), _Rule("vfork"), _Rule("clone", admitted=(_CLONE_THREAD,), test=_ANY_BIT))
        yield _Rule("clone3", error=errno.ENOSYS)  # has its flags in memory, out of sight; libraries try clone then


def _install(libc: ctypes.CDLL, rules: Iterable[_Rule]) -> str:
    """Have the kernel refuse these calls; return why it does not, or ""."""
    machine = os.uname().machine
    if machine not in _MACHINES or struct.calcsize("P") != 8:
        return f"the calls of {machine} are not known"
    program = b"".join(_assemble(rules, *_MACHINES[machine]))
    kept = ctypes.create_string_buffer(program)
    counted = struct.pack("HP", len(program) // 8, ctypes.addressof(kept))
    return os.strerror(ctypes.get_errno()) if libc.prctl(_SET_SECCOMP, 2, counted, 0, 0) else ""


def _assemble(rules: Iterable[_Rule], architecture: int, column: int) -> Iterator[bytes]:
    """Yield a filter that allows whatever no rule refuses, and nothing of another architecture."""
    allow, refuse = _step(_RETURN, _ALLOW), _step(_RETURN, _REFUSE | errno.EPERM)
    yield from (_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, architecture, met=1), refuse)
    yield from (_step(_LOAD, _NUMBER), _step(_AT_LEAST, _X32, unmet=1), refuse)
    for rule in rules:
        found, rest = (refuse, allow) if rule.refused else (allow, _step(_RETURN, _REFUSE | rule.error))
        tests = (_step(rule.test, each, unmet=1) + found for each in (*rule.admitted, *rule.refused))
        body = b"".join((_step(_LOAD, _ARGUMENTS + 8 * rule.argument), *tests, rest))
        yield _step(_EQUAL, _CALLS[rule.call][column], unmet=len(body) // 8) + body
    yield allow


def _step(code: int, value: int, *, met: int = 0, unmet: int = 0) -> bytes:
    """One instruction, and how many of those behind it are skipped when a test is met or not."""
    return struct.pack("=HBBI", code, met, unmet, value)


if __name__ == "__main__":
    sys.stdout.write(f"{'; '.join(confine()[1:])}\n")
