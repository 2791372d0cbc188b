"""The guest's answer lines as a `Result`: every reason and remedy that a guest can give is written here.

A line is `kd WORD TEXT`. `hello INCARNATION`, `claimed`, `launched`, `beat` come while it works; `note`, `detail`, `stdout`, `stderr`
(with `=` appended: without its newline) before `result OUTCOME CODE REASON`; the last line is `end`. Other lines are noise.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kdasync.guest.order import Outcome, Result

_HELPER = ("configcli", "bdvcli", "bd_vcli", "ccli", "configmacro")
_WRITE = {
    "No space left on device": "GuestDiskFull",
    "Disk quota exceeded": "GuestDiskFull",
    "I/O error": "GuestDiskFull",
    "Read-only file system": "GuestReadOnly",
    "Permission denied": "GuestPermission",
    "Operation not permitted": "GuestPermission",
}
REMEDIES: Mapping[str, str] = {
    "BundleCut": "It is sent again.",
    "ConfigcliUnavailable": "Add Python 3.6 or newer to the image, or do not call configcli in the start script.",
    "GuestDiskFull": "Free space in the guest or give the role more storage, then retry.",
    "GuestNoDownloader": "Add curl, wget or python3 to the image, or remove fileInjections.",
    "GuestNoInterpreter": "Add the interpreter to the image, or change the first line of startscript.",
    "GuestNoProc": "Mount /proc in the container.",
    "GuestNoShell": "Use an image with a POSIX sh on its PATH.",
    "GuestNoSystemd": "Set systemdRequired to false, or use an image with systemd.",
    "GuestNoTar": "Add tar to the image, or serve the package over http(s).",
    "GuestPermission": "Let the container's user write /etc/guestconfig, /opt/guestconfig and /usr (run it as root).",
    "GuestReadOnly": "Make the container's root file system writable, or mount volumes at /opt/guestconfig and /etc/guestconfig.",
    "GuestSharedPid": "Set hostPID and shareProcessNamespace to false in the pod.",
    "GuestWriteFailed": "Look at the container's file system, then retry.",
    "InjectionFailed": "Correct fileInjections, or make the URL reachable from the pod, then retry.",
    "KubeDirectorRun": "It is awaited; delete the pod if it never ends.",
    "PackageMalformed": "Build the package with one top-level directory that has a startscript, as a gzip tar.",
    "PackageNotFound": "Correct packageURL, or add the archive to the image.",
    "PackageUnsafe": "Build the package without absolute paths and without `..`.",
    "ScriptFailed": "Read the output of startscript, correct the cause, then retry.",
    "RunLost": "It is retried under a new attempt.",
    "StatusMalformed": "Delete /opt/guestconfig/configure.status in the guest, or delete the pod, then retry.",
    "SystemdNotReady": "Look at systemd in the container, then retry.",
    "VolumeForeign": "Restore the volume's own cluster, or delete the claim to start afresh.",
}


def last_lines(text: str, limit: int) -> str:
    """The tail that a status shows (KubeDirector's maxLogSizeDump rule): all, or at most `limit` characters of whole lines."""
    if limit <= 0:
        return ""
    if len(text) <= limit:
        return text
    last = text[-(limit + 1) :]
    return last[last.find("\n") + 1 :]


class Answer:
    """Collects the lines of one exec."""

    def __init__(self, *, tail: int) -> None:
        self._tail = tail
        self._rest = b""
        self._text: dict[str, list[str]] = {"detail": [], "note": [], "stdout": [], "stderr": []}
        self._result: list[str] = []
        self.incarnation = ""
        self.no_tar = False
        self.launched = False
        self.ended = False

    def feed(self, data: bytes) -> None:
        """The next bytes of stdout."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", "replace"))

    def _line(self, line: str) -> None:
        mark, _, rest = line.partition(" ")
        word, _, text = rest.partition(" ")
        if mark != "kd" or self.ended:
            return
        if word.rstrip("=") in self._text:
            self._text[word.rstrip("=")].append(text if word.endswith("=") else text + "\n")
        elif word == "hello":
            self.incarnation = text
        elif word == "result":
            self._result = text.split(" ")
        else:
            self._mark(word)

    def _mark(self, word: str) -> None:
        self.no_tar |= word == "no-tar"
        self.launched |= word == "launched"
        self.ended |= word == "end" and bool(self._result)

    def result(self) -> Result:
        """The result, once `ended`."""
        outcome, code, reason = Outcome(self._result[0]), self._result[1], self._result[2]
        bare = Result(
            outcome=outcome,
            exit_code=int(code) if code.isdigit() else None,
            reason="" if reason == "-" else reason,
            detail="".join(self._text["detail"]).strip(),
            stdout=last_lines("".join(self._text["stdout"]), self._tail),
            stderr=last_lines("".join(self._text["stderr"]), self._tail),
            incarnation=self.incarnation,
        )
        reason = explain(bare, python="no-python\n" not in self._text["note"])
        return msgspec.structs.replace(bare, reason=reason, remedy=REMEDIES.get(reason, ""))


_BY_OUTCOME = {Outcome.LOST: "RunLost", Outcome.FOREIGN: "VolumeForeign"}


def explain(result: Result, *, python: bool) -> str:
    """The reason of a result: what the guest said, made precise by what else it said."""
    if result.reason == "GuestWriteFailed":
        return _first(_WRITE, result.detail) or result.reason
    if result.reason or result.outcome is not Outcome.SCRIPT_FAILED:
        return result.reason or _BY_OUTCOME.get(result.outcome, "")
    output = result.stdout + result.stderr
    if not python and any(name in output for name in _HELPER):
        return "ConfigcliUnavailable"
    return "GuestDiskFull" if "No space left on device" in output else "ScriptFailed"


def _first(words: Mapping[str, str], text: str) -> str:
    return next((reason for word, reason in words.items() if word in text), "")
