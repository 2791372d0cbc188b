"""The system calls that Python 3.11 does not wrap: namespaces, mounts and process attributes, through ctypes.

Every function raises OSError with the name of the call. Sources: the manual pages of section 2 of the same names.
"""

from __future__ import annotations

import ctypes
import os

NEWNS = 0x00020000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_CAPBSET_DROP = 24
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_ATTR_RDONLY = 1
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
# What containerd leaves to a container by default: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
# net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
CONTAINER_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move the caller into new namespaces (for NEWPID: its future children)."""
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, flags: int) -> None:
    """Enter the namespace of a descriptor; a pidfd enters all namespaces named by `flags`."""
    _check(_libc.setns(descriptor, flags), "setns")


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Attach `source` at `target`; `kind` is a file system type, empty for a bind (see mount in section 2)."""
    data = options.encode() or None
    result = _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), data)
    _check(result, f"mount {kind or 'bind'} on {target}")


def unmount(target: str) -> None:
    """Detach a mount with everything below it, at once."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root of the mount namespace and show the former one at `old`."""
    number = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}[os.uname().machine]
    _check(_libc.syscall(number, os.fsencode(new), os.fsencode(old)), "pivot_root")


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def read_only(target: str) -> None:
    """Make a mount and all below it read-only, leaving its other flags."""
    attr = _MountAttr(_ATTR_RDONLY, 0, 0, 0)
    path = ctypes.c_char_p(os.fsencode(target))
    size = ctypes.c_size_t(ctypes.sizeof(attr))
    _check(_libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, ctypes.byref(attr), size), f"mount_setattr {target}")


def set_hostname(name: str) -> None:
    """sethostname(2), in the caller's UTS namespace."""
    data = name.encode()
    _check(_libc.sethostname(data, ctypes.c_size_t(len(data))), "sethostname")


def die_with_parent(number: int) -> None:
    """Have the kernel send signal `number` when the parent ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl PDEATHSIG")


def set_name(name: str) -> None:
    """The name that `ps` shows (15 characters)."""
    _check(_libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0), "prctl NAME")


def set_title(name: str) -> None:
    """The name and the command line that `ps` shows: the latter overwrites the arguments in place (proc(5), stat fields 48 and 49)."""
    set_name(name)
    with open("/proc/self/stat") as file:  # noqa: PTH123 - beside the other raw calls
        words = file.read().rpartition(")")[2].split()
    start, end = int(words[45]), int(words[46])
    data = name.encode()[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, data, len(data))


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def limit_capabilities(keep: frozenset[int] = CONTAINER_CAPABILITIES) -> None:
    """Drop every capability but `keep`, for the caller and everything it executes."""
    for number in range(_LAST_CAPABILITY + 1):
        if number not in keep and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # the first number that this kernel does not know
    low = sum(1 << number for number in keep if number < 32)  # noqa: PLR2004 - two words of 32 bits
    header = _CapHeader(_CAPABILITY_VERSION, 0)
    data = (_CapData * 2)(_CapData(low, low, 0), _CapData(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), data), "capset")
