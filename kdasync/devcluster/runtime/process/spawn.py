"""The two kinds of processes that the node forks: a container's PID 1 with its main process, and execs.

Flow: the child enters the pod's namespaces, builds or enters the root file system, changes user and executes. What goes wrong before
the program runs is written as one line into a pipe that closes by itself on success, so the node knows either way.

PID 1 is this file's `_init`: it reaps orphans, forwards SIGTERM and others to the main process and ends with its exit code, upon which
the kernel ends everything else in the container. So `kill -9` of the main process ends the container, and start time of PID 1
changes with each incarnation.

Assumptions: the caller is single-threaded; nothing is imported after the root changed, because the library is not there any more.
"""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import signal
import termios
from collections.abc import Callable
from pathlib import Path

import msgspec

from kdasync.devcluster.runtime.process import root, syscalls
from kdasync.devcluster.runtime.process.wire import Program, RootSpec

_FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGPWR,
    signal.SIGWINCH,
)
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ, *_FORWARDED)
_NOT_FOUND = 127
_SANDBOX = syscalls.NEWNET | syscalls.NEWUTS | syscalls.NEWIPC


class Child(msgspec.Struct, frozen=True):
    """A forked process: `report` is readable until the program runs and then at its end, or holds why it does not."""

    pid: int
    report: int


def exit_code(status: int) -> int:
    """Of a wait status, as a shell tells it: 128 + signal if killed."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def fork(body: Callable[[], None], *, streams: list[int], enter: Callable[[], None]) -> Child:
    """Run `enter`, then `body` in a child whose descriptors 0 to 2 are `streams`; `body` executes a program or raises.

    `enter` may use every descriptor of the caller; before `body` they are closed.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(body, streams=streams, enter=enter, report=writer)
    os.close(writer)
    os.set_blocking(reader, False)
    return Child(pid, reader)


def _child(body: Callable[[], None], *, streams: list[int], enter: Callable[[], None], report: int) -> None:
    try:
        gc.disable()
        os.setsid()
        enter()
        _arrange([*streams, report])
        report = 3
        body()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it and this process must not go on
        os.write(report, describe(error))
    os._exit(_NOT_FOUND)


def _arrange(descriptors: list[int]) -> None:
    """Make the first three 0, 1, 2 and the last one 3 (closed on exec), and close all others."""
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in descriptors]
    for at, number in enumerate(high):
        os.dup2(number, at, inheritable=at < 3)  # noqa: PLR2004 - the standard streams
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 3:  # noqa: PLR2004 - the report
            _close(number)


def _close(descriptor: int) -> None:
    """Close; the descriptor of the listing itself is closed already."""
    try:
        os.close(descriptor)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise


def describe(error: BaseException) -> bytes:
    """One line for the report: a failure word of `wire.Answer` and a sentence."""
    missing = isinstance(error, OSError) and error.errno in {errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR}
    word = "missing" if missing and isinstance(error, _ProgramError) else "refused"
    return f"{word} {error}".encode(errors="replace")


class _ProgramError(OSError):
    """The program itself could not be executed."""


def container(
    spec: RootSpec, program: Program, *, sandbox: tuple[int, ...], home: Path, volumes: Path, streams: list[int]
) -> Child:
    """Fork PID 1 of a container (the caller has made the new PID namespace for its children)."""

    def enter() -> None:
        syscalls.die_with_parent(signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
        for descriptor in sandbox:
            syscalls.setns(descriptor, 0)
        syscalls.unshare(syscalls.NEWNS)

    def body() -> None:
        root.build(spec, home=home, volumes=volumes)
        syscalls.set_title("kdasync-init")
        _init(program)

    return fork(body, streams=streams, enter=enter)


def inside(pidfd: int, program: Program, *, streams: list[int]) -> Child:
    """Fork an exec (the caller has chosen the container's PID namespace for its children)."""
    return fork(lambda: execute(program), streams=streams, enter=lambda: syscalls.setns(pidfd, syscalls.NEWNS | _SANDBOX))


def execute(program: Program) -> None:
    """Become the program: session, working folder, capabilities, user.

    Raises:
        OSError: it cannot be executed.
    """
    for number in _DEFAULTS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)
    if program.tty:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    try:
        os.makedirs(program.cwd, exist_ok=True)  # noqa: PTH103 - as a container runtime does
        os.chdir(program.cwd)
        syscalls.limit_capabilities()
        _become(program.user, program.group)
        os.execvpe(program.argv[0], program.argv, program.env)  # noqa: S606 - that is what a container is
    except OSError as error:
        raise _ProgramError(error.errno, f"{program.argv[0]}: {error.strerror}") from error


def _become(user: int, group: int) -> None:
    """Change to a user. Where only one id is mapped, the id gets its name in a further user namespace: same owner, other number."""
    if user == 0 and group == 0:
        return
    try:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    except OSError:
        syscalls.unshare(syscalls.NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} 0 1")
        Path("/proc/self/gid_map").write_text(f"{group} 0 1")


def _init(program: Program) -> None:
    """Start the main process, pass signals on, reap, and end with it."""
    main = os.fork()
    if main == 0:
        os.setsid()
        execute(program)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _frame: os.kill(main, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    os.closerange(0, 4)  # the report is the main process's now; its streams end with it
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == main:
            os._exit(exit_code(status))
