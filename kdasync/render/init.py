"""The init container: fills a new claim with the image's own files, so that mounting it over them loses nothing.

Flow: unless the marker is there, every persisted directory is copied to the claim (rsync if it can, so that progress can be read;
else cp), and only when all of them are complete the marker is written. A cut or failed copy is repeated as a whole.

Guarantees: the marker `/etc/kubedirector.init` is KubeDirector's, so each operator accepts the other's volumes; but it is written
only on success (KubeDirector writes it also after a failed copy). A failure ends the container with a sentence on stderr.

Assumptions: a POSIX shell, mkdir, and cp or rsync in the image; the claim is mounted whole at /mnt.
Source: spec/kubedirector-runtime.md section 2.6.
"""

from __future__ import annotations

from typing import Any

from kdasync.render import keys
from kdasync.render.view import RoleView
from kdasync.render.volumes import CLAIM, persisted

_SCRIPT = """\
set -u
marker=/mnt/etc/kubedirector.init
[ -f "$marker" ] && exit 0
fail() { echo "kubedirector init: $1" >&2; exit 1; }
rsync_can() {
  rsync --log-file=/dev/null --info=progress2 --relative -ax --no-inc-recursive --version >/dev/null 2>&1 || return 1
  for d in "$@"; do { [ -d "$d" ] && ! [ -h "$d" ]; } || return 1; done
}
mkdir -p /mnt/etc || fail "cannot write to the volume. Check its size and permissions."
if rsync_can "$@"; then
  rsync --log-file=/mnt/etc/kubedirector-init.log --info=progress2 --relative -ax --no-inc-recursive "$@" /mnt \\
    >/mnt/etc/kubedirector-init-progress-bar.log || fail "rsync failed. Is the volume large enough?"
else
  command -v cp >/dev/null 2>&1 || fail "the image has neither rsync nor cp. Add one of them, or use no storage."
  stay=
  mkdir -p /mnt/.kdasync-init/a && cp -afx /mnt/.kdasync-init/a /mnt/.kdasync-init/b 2>/dev/null && stay=x
  rm -rf /mnt/.kdasync-init
  for d in "$@"; do
    if [ -e "$d" ] && ! [ -d "$d" ]; then
      mkdir -p "/mnt${d%/*}" && cp -af$stay "$d" "/mnt$d" || fail "cannot copy $d. Is the volume large enough?"
      continue
    fi
    mkdir -p "/mnt$d" || fail "cannot make $d on the volume. Is it full?"
    if [ -d "$d" ]; then
      cp -af$stay "$d/." "/mnt$d/" || fail "cannot copy $d. Is the volume large enough?"
    fi
  done
fi
sync 2>/dev/null
: >"$marker" || fail "cannot write the marker. Is the volume full?"
"""


def init_container(view: RoleView) -> dict[str, Any]:
    """core/v1 Container: same image and resources as the app container, as root."""
    return {
        "name": keys.INIT_CONTAINER,
        "image": view.app_role.image_repo_tag or "",
        "command": ["/bin/sh"],
        "args": ["-c", _SCRIPT, "init", *persisted(view)],
        "resources": resources(view),
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": CLAIM, "mountPath": "/mnt"}],
    }


def resources(view: RoleView) -> dict[str, Any]:
    """The role's resources, as given. A null is an amount that nobody gave."""
    wanted = view.role.resources
    given = {"limits": wanted.limits, "requests": wanted.requests}
    return {kind: _amounts(amounts) for kind, amounts in given.items() if amounts is not None}


def _amounts(amounts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in amounts.items() if value is not None}
