"""The postStart hook: makes bare pod names resolvable by putting the headless service in front of the DNS search list.

Why so careful: while a postStart hook runs the kubelet does not report the container as running, and if it fails the container is
killed. So it uses nothing but a POSIX shell's builtins (chmod is optional), waits at most ten seconds, does its work in a subshell
and always exits 0. It may run twice on one file, because containers of a pod share resolv.conf: the second run changes nothing.
Source: spec/kubedirector-runtime.md section 2.4.
"""

from __future__ import annotations

from typing import Any

_SCRIPT = """\
log=/tmp/kd-postcluster.log
( : >>"$log" ) 2>/dev/null || log=/dev/null
(
  service=$1
  file=/etc/resolv.conf
  tries=0
  until [ -s "$file" ] || [ "$tries" -ge 10 ]; do sleep 1; tries=$((tries + 1)); done
  set -f
  text=
  if [ -s "$file" ] && [ -r "$file" ]; then
    while IFS= read -r line || [ -n "$line" ]; do
      set -- $line
      if [ "${1-}" = search ] && [ -n "${2-}" ]; then
        shift
        case $1 in "$service".*) ;; *) line="search $service.$1 $*" ;; esac
      fi
      text="$text$line
"
    done <"$file"
    printf %s "$text" >"$file"
  fi
  chmod 755 /run
) 2>>"$log" </dev/null
exit 0
"""


def post_start(headless: str) -> dict[str, Any]:
    """core/v1 LifecycleHandler of the app container. The service's name is an argument, not part of the text."""
    return {"exec": {"command": ["/bin/sh", "-c", _SCRIPT, "sh", headless]}}
