# The guest's half of one order. POSIX sh; see kdasync/guest/bundle.py for what lies in $stage and for the answer's lines.
#
#   deliver  (the exec itself, L)  prepare the guest, claim the run, start W, report until the run ends
#   wrap     (W, detached)         start S, wait for it, record its exit code
#   start    (S)                   take the one permission to start, become the start script
#
# Everything that decides is one symbolic link, made by one `ln -s`: exclusive, atomic, and its target is the decision.
#   lock.N          -> L.run                 who may work in this guest; the highest N counts
#   runs/RUN/go     -> S.W      or lost      the script was started by S under W, or never will be
#   runs/RUN/end    -> exit.N   or lost      its exit code, or nobody will ever know it
# A process is PID-START; a zombie is not running. Utilities beside
# the shell: cat chmod cp ln ls mkdir mv rm sleep tail; for file injections also chown, chgrp and curl, wget or python3.

say() { printf 'kd %s\n' "$*"; }

say_lines() { # word text
    printf '%s\n' "$2" | while IFS= read -r line; do printf 'kd %s %s\n' "$1" "$line"; done
}

beat() { # until this process is gone
    trap 'kill $!; exit 0' TERM
    while alive "$me"; do
        sleep "$KD_BEAT" </dev/null >/dev/null 2>&1 &
        wait $!
        say beat
    done
}

stop_beating() { # before anything longer than a line is said, which a beat could cut in two
    [ -z "$beater" ] || kill "$beater" 2>/dev/null
    beater=
}

finish() { # outcome code reason detail
    stop_beating
    say result "$1" "${2:--}" "${3:--}"
    [ -z "${4-}" ] || say_lines detail "$4"
    rm -rf "$stage"
    say end
    exit 0
}

broken() { finish broken - "$1" "$2"; }

try() { # command...: or the guest is broken
    said=$(
        LC_ALL=C
        export LC_ALL
        "$@" 2>&1
    ) || broken GuestWriteFailed "$1: $said"
}

fill() { # file < content, atomically
    { cat >"$1.kd-$$" && mv -f "$1.kd-$$" "$1"; } 2>&1
}

put() { # file text
    said=$(printf '%s' "$2" | fill "$1") || broken GuestWriteFailed "$1: $said"
}

nap() { # about a tenth of a second at first, then up to a second
    naps=$((naps + 1))
    if [ "$naps" -lt 20 ] && sleep 0.1 2>/dev/null; then return; fi
    if [ "$naps" -lt 60 ] && sleep 0.5 2>/dev/null; then return; fi
    sleep 1
}

stat_of() { # pid: sets is_state is_parent is_session is_start
    line=
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || [ -n "$line" ] || return 1
    set -f
    # shellcheck disable=SC2086
    set -- "$1" ${line##*) }
    set +f
    is_state=$2 is_parent=$3 is_session=$5 is_start=${21}
}

alive() { # PID-START
    stat_of "${1%-*}" && [ "$is_start" = "${1#*-}" ] && case $is_state in Z | X | x) false ;; esac
}

link_of() { # path: prints where it points to
    [ -L "$1" ] || return 1
    if command -v readlink >/dev/null 2>&1; then readlink "$1"; else
        line=$(ls -ld "$1") && printf '%s\n' "${line##* -> }"
    fi
}

decide() { # target path: true if it is ours now; false if somebody was before us
    ln -s "$1" "$2" 2>/dev/null && return
    [ -L "$2" ] || broken GuestWriteFailed "$2: $(ln -s "$1" "$2" 2>&1)"
    return 1
}

run_state() { # run directory: sets state (absent launching running finished lost) and code
    code=
    if target=$(link_of "$1/end"); then
        state=lost
        case $target in exit.*) state=finished code=${target#exit.} ;; esac
    elif target=$(link_of "$1/go"); then
        state=lost
        [ "$target" != lost ] || return 0
        state=running
        alive "${target%.*}" || alive "${target#*.}" && return 0
        decide lost "$1/end"
        run_state "$1"
    elif [ -d "$1/launch" ]; then state=launching; else state=absent; fi
}

give_up_launch() { # run directory: it was about to start, and who was to start it is gone
    naps=0
    while [ "$naps" -lt 15 ] && [ ! -L "$1/go" ]; do nap; done
    decide lost "$1/go" || :
}

find_incarnation() {
    line=
    { read -r line <"$root/proc/1/stat"; } 2>/dev/null || [ -n "$line" ] || broken GuestNoProc "/proc/1/stat cannot be read."
    set -f
    # shellcheck disable=SC2086
    set -- 1 ${line##*) }
    set +f
    boot=none
    { read -r boot <"$root/proc/sys/kernel/random/boot_id"; } 2>/dev/null || :
    incarnation=$boot-${21}
    if [ -d "$root/proc/1/root/" ] && ! [ "$root/proc/1/root/" -ef "$root/" ]; then
        broken GuestSharedPid "PID 1 belongs to another container."
    fi
    say hello "$incarnation"
    here=$state_dir/$incarnation run=$state_dir/$incarnation/runs/$KD_RUN
    try mkdir -p "$run"
}

fence() {
    for mark in "$here"/commit.*; do
        mark=${mark##*.}
        [ "$mark" = '*' ] || [ "$mark" -le "$KD_COMMIT" ] || finish stale - - "commit $mark was here before $KD_COMMIT"
    done
}

raise_fence() {
    try mkdir -p "$here/commit.$KD_COMMIT"
    for mark in "$here"/commit.*; do
        [ "${mark##*.}" -ge "$KD_COMMIT" ] || rm -rf "$mark"
    done
}

highest_lock() {
    highest=0
    for mark in "$here"/lock.*; do
        mark=${mark##*.}
        [ "$mark" = '*' ] || [ "$mark" -le "$highest" ] || highest=$mark
    done
}

lock_is_free() { # of the highest lock; false: held; waits for a run that is about to start
    held=$(link_of "$here/lock.$highest") || return 0
    other=$here/runs/${held#*.}
    run_state "$other"
    case $state in
    finished | lost) return 0 ;;
    running) return 1 ;;
    esac
    alive "${held%%.*}" && return 1
    [ "$state" = launching ] || return 0
    give_up_launch "$other"
    return 2
}

take_lock() { # 0: ours; 1: look again; ends the order if another run holds it
    highest_lock
    lock_is_free
    case $? in
    1)
        [ "$other" = "$run" ] || finish busy - - "${held#*.} is at work"
        nap
        return 1
        ;;
    2) return 1 ;;
    esac
    mine=$((highest + 1))
    decide "$me.$KD_RUN" "$here/lock.$mine" || return 1
    highest_lock
    [ "$highest" = "$mine" ] && return
    rm -f "$here/lock.$mine"
    return 1
}

tidy() { # under the lock: what earlier locks, execs and incarnations left
    for mark in "$here"/lock.*; do [ "${mark##*.}" -ge "$mine" ] || rm -f "$mark"; done
    for mark in "$state_dir"/stage/*; do [ "$mark" = "$stage" ] || alive "${mark##*/}" || rm -rf "$mark"; done
    for mark in "$state_dir"/*; do
        case $mark in "$here" | */stage | */provenance) ;; *) rm -rf "$mark" ;; esac
    done
}

inject_one() { # url directory mode owner group
    name=${1##*/}
    [ -n "$name" ] || broken InjectionFailed "$1 names no file."
    umask "$mask"
    try mkdir -p "$root$2"
    target=$root$2/$name
    if command -v curl >/dev/null 2>&1; then
        said=$(curl -fsSL -o "$target" -- "$1" 2>&1)
    elif command -v wget >/dev/null 2>&1; then
        said=$(wget -q -O "$target" -- "$1" 2>&1)
    elif command -v python3 >/dev/null 2>&1; then
        said=$(python3 -c 'import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as source, open(sys.argv[2], "wb") as target:
    shutil.copyfileobj(source, target)' "$1" "$target" 2>&1)
    else
        broken GuestNoDownloader "$1: neither curl nor wget nor python3 is in the guest."
    fi || broken InjectionFailed "$1: $said"
    [ -z "$3" ] || try chmod "$3" "$target"
    [ -z "$4" ] || try chown "$4" "$target"
    [ -z "$5" ] || try chgrp "$5" "$target"
    umask 077
}

wait_for_systemd() {
    command -v systemctl >/dev/null 2>&1 || broken GuestNoSystemd "systemctl is not in the guest."
    naps=0
    until systemctl status systemd-journald >/dev/null 2>&1; do
        [ "$naps" -lt 300 ] || broken SystemdNotReady "systemd-journald is not up."
        nap
    done
}

write_configmeta() {
    meta=$root/etc/guestconfig/configmeta.json
    umask 022
    try mkdir -p "$root/etc/guestconfig"
    [ "$KD_SETUP$KD_NEW_LAYOUT" != 11 ] || try chmod 700 "$root/etc/guestconfig"
    try rm -f "$meta".kd-*
    if [ -f "$meta" ]; then try cp -p "$meta" "$meta.kd-$$"; fi
    try fill "$meta" <"$stage/configmeta"
    umask 077
}

link_helper() { # the aliases; new layout: /usr/bin points to /usr/local/bin
    umask 022
    bin=$root/usr/bin
    [ "$KD_NEW_LAYOUT" = 0 ] || bin=$root/usr/local/bin
    try mkdir -p "$bin"
    for name in ccli configmacro bdvcli bd_vcli; do
        [ -e "$bin/$name" ] || try ln -sf configcli "$bin/$name"
    done
    umask 077
    [ "$KD_NEW_LAYOUT" = 1 ] || return 0
    umask 022
    try mkdir -p "$root/usr/bin"
    for name in bdvcli bd_vcli configcli ccli configmacro; do
        [ -e "$root/usr/bin/$name" ] || try ln -sf "/usr/local/bin/$name" "$root/usr/bin/$name"
    done
    umask 077
}

is_ours() { # installed helper: true if absent or written by us
    [ -e "$1" ] || return 0
    { read -r line && read -r line; } <"$1" 2>/dev/null
    [ "$line" = "# kdasync configcli" ]
}

publish_python() { # `import configcli` for every interpreter that is found
    for name in python3 python; do
        site=$("$name" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' 2>/dev/null) || continue
        [ -d "$root$site" ] || continue
        printf '%s\n' "$1" >"$root$site/kdasync-configcli.pth" 2>/dev/null || :
    done
}

install_helper() {
    umask 022
    lib=/usr/lib/kdasync bin=$root/usr/bin
    [ "$KD_NEW_LAYOUT" = 0 ] || lib=/usr/local/lib/kdasync bin=$root/usr/local/bin
    if is_ours "$root/usr/local/bin/configcli" && is_ours "$root/usr/bin/configcli"; then
        try mkdir -p "$bin" "$root$lib"
        try rm -rf "$root$lib/configcli"
        try cp -R "$stage/configcli" "$root$lib/configcli"
        try chmod -R a+rX "$root$lib"
        try fill "$bin/configcli" <"$stage/stub"
        try chmod 755 "$bin/configcli"
        publish_python "$root$lib"
    fi
    link_helper
}

unpack_inside() { # an archive that lies in the guest
    archive=$root$KD_PACKAGE_PATH
    [ -f "$archive" ] || broken PackageNotFound "$KD_PACKAGE_PATH is not in the guest."
    command -v tar >/dev/null 2>&1 || broken GuestNoTar "tar is not in the guest."
    names=$(tar -tzf "$archive" 2>&1) || broken PackageMalformed "$KD_PACKAGE_PATH: $names"
    case "
$names/" in
    *"
/"* | *"
../"* | */../*) broken PackageUnsafe "$KD_PACKAGE_PATH has paths that lead outside." ;;
    esac
    try mkdir -p "$stage/package"
    try tar -xzof "$archive" -C "$stage/package"
}

install_package() {
    [ -z "$KD_PACKAGE_PATH" ] || unpack_inside
    set -- "$stage"/package/*
    if [ $# -ne 1 ] || [ ! -f "$1/startscript" ]; then
        broken PackageMalformed "The package must have one top-level directory with a startscript."
    fi
    try chmod u+x "$1/startscript"
    try chmod 700 "$base"
    try rm -rf "$base"/*
    try mv "$1" "$base/"
}

write_provenance() {
    put "$state_dir/provenance" "$KD_CLUSTER
$KD_ROLE
$KD_NODE
$KD_DIGEST
"
}

write_status() { # exit code, or nothing while it runs
    put "$base/configure.status" "$KD_CONTAINER=$1"
}

prepare() {
    [ "$KD_INJECT" = 0 ] || . "$stage/inject"
    [ "$KD_SYSTEMD" = 0 ] || wait_for_systemd
    [ ! -f "$stage/configmeta" ] || write_configmeta
    [ "$KD_CONFIGCLI" = 0 ] || install_helper
    [ ! -d "$stage/package" ] && [ -z "$KD_PACKAGE_PATH" ] || install_package
    [ "$KD_SETUP" = 1 ] || return 0
    write_provenance
    try rm -f "$base/configure.stdout" "$base/configure.stderr"
    write_status ''
}

find_script() {
    set -- "$base"/*/startscript
    script=$1
}

outputs() {
    out=$run/stdout err=$run/stderr
    [ "$KD_SETUP" = 0 ] || out=$base/configure.stdout err=$base/configure.stderr
}

say_tail() { # word file
    [ -f "$2" ] && [ "$KD_TAIL" -gt 0 ] || return 0
    tail -c "$KD_TAIL" "$2" | while IFS= read -r line || { [ -n "$line" ] && printf 'kd %s= %s\n' "$1" "$line" && false; }; do
        printf 'kd %s %s\n' "$1" "$line"
    done
}

say_tails() {
    stop_beating
    say_tail stdout "$1"
    say_tail stderr "$2"
    command -v python3 >/dev/null 2>&1 || command -v python >/dev/null 2>&1 || say note no-python
}

missing_interpreter() { # sets missing if the script's first line names a program that is not here
    find_script
    missing=
    { read -r line <"$script"; } 2>/dev/null || return 0
    case $line in '#!'*) ;; *) return 0 ;; esac
    set -f
    # shellcheck disable=SC2086
    set -- ${line#??}
    set +f
    case $1 in
    */env)
        [ "${2-}" != -S ] || shift
        command -v "${2-}" >/dev/null 2>&1 || missing=${2-}
        ;;
    *) [ -x "$1" ] || missing=$1 ;;
    esac
}

repair_status() { # the wrapper died between its two records
    [ "$KD_SETUP" = 1 ] && [ -n "$code" ] || return 0
    found=
    { read -r found <"$base/configure.status"; } 2>/dev/null || :
    [ "$found" != "$KD_CONTAINER=" ] || write_status "$code"
}

report() { # of a run that is over
    repair_status
    outputs
    case $state-$code in
    finished-0 | finished-) finish done "${code:--}" ;;
    lost-)
        say_tails "$out" "$err"
        finish lost - - "The run was claimed, but its process is gone without an exit code."
        ;;
    esac
    say_tails "$out" "$err"
    case $code in
    126 | 127)
        missing_interpreter
        [ -z "$missing" ] || finish script_failed "$code" GuestNoInterpreter "startscript needs $missing."
        ;;
    esac
    finish script_failed "$code"
}

attach() { # to a run that somebody started
    say launched
    naps=0
    while :; do
        run_state "$run"
        case $state in
        finished | lost) report ;;
        launching | absent) give_up_launch "$run" ;;
        esac
        nap
    done
}

launch() {
    try mkdir -p "$run/launch"
    if command -v setsid >/dev/null 2>&1; then
        setsid sh "$stage/launcher.sh" wrap "$stage" "$root" "$mask" </dev/null >/dev/null 2>&1 &
    else
        (
            trap '' HUP
            exec sh "$stage/launcher.sh" wrap "$stage" "$root" "$mask" </dev/null >/dev/null 2>&1
        ) &
    fi
    wrapper=$!
    say launched
    wait "$wrapper"
    run_state "$run"
    case $state in finished | lost) report ;; esac
    attach
}

wrap() {
    find_incarnation >/dev/null
    outputs
    umask "$mask"
    sh "$stage/launcher.sh" start "$stage" "$root" "$mask" </dev/null >"$out" 2>"$err"
    code=$?
    umask 077
    [ -L "$run/go" ] || decide lost "$run/go"
    if [ -e "$run/refused" ] || [ "$(link_of "$run/go")" = lost ]; then exit 0; fi
    decide "exit.$code" "$run/end" || exit 0
    [ "$KD_SETUP" = 0 ] || write_status "$code"
    rm -rf "$stage"
}

start() {
    find_incarnation >/dev/null
    find_script
    stat_of $$
    self=$$-$is_start parent=$is_parent
    stat_of "$parent"
    if ! ln -s "$self.$parent-$is_start" "$run/go" 2>/dev/null; then
        mkdir "$run/refused"
        exit 1
    fi
    umask "$mask"
    eval "set -- $KD_ARGS"
    exec "$script" "$@"
}

in_tree() { # pid: is it, or is its parent, among $tree, or does it share the run's session
    case " $tree " in
    *" $1 "*) return 1 ;;
    *" $is_parent "*) return 0 ;;
    esac
    [ "$is_session" = "$session" ]
}

find_tree() { # S W: sets tree to S and everything that it started
    tree=${1%-*} session=none grown=1
    if stat_of "${2%-*}" && [ "$is_session" = "${2%-*}" ]; then session=$is_session; fi
    while [ "$grown" = 1 ]; do
        grown=0
        for mark in /proc/[0-9]*; do
            mark=${mark#/proc/}
            [ "$mark" != "${2%-*}" ] && stat_of "$mark" && in_tree "$mark" || continue
            tree="$tree $mark" grown=1
        done
    done
}

kill_run() {
    target=$(link_of "$run/go")
    for signal in TERM KILL; do
        find_tree "${target%.*}" "${target#*.}"
        # shellcheck disable=SC2086
        kill -s "$signal" $tree 2>/dev/null
        naps=0
        while [ "$naps" -lt 22 ] && [ "$state" = running ]; do
            nap
            run_state "$run"
        done
        [ "$state" = running ] || return 0
    done
    kill -s KILL "${target##*.}" 2>/dev/null
    decide lost "$run/end"
}

stop() {
    raise_fence
    while :; do
        run_state "$run"
        case $state in
        finished | lost) finish done "${code:--}" - "stopped" ;;
        running) kill_run ;;
        *) decide lost "$run/go" ;;
        esac
    done
}

volume_owner() { # sets owner: ours foreign none
    owner=none digest=
    [ -f "$state_dir/provenance" ] || return 0
    owner=foreign
    { read -r cluster && read -r role && read -r node && { read -r digest || :; }; } <"$state_dir/provenance" 2>/dev/null
    [ "$cluster $role $node" != "$KD_CLUSTER $KD_ROLE $KD_NODE" ] || owner=ours
}

probe() {
    volume_owner
    [ "$owner" != foreign ] || finish foreign - - "It belongs to role $role, node $node of cluster $cluster."
    found=
    { read -r found <"$base/configure.status"; } 2>/dev/null || :
    [ -n "$found" ] || finish unconfigured
    if [ "$owner$KD_TRUST" = none0 ]; then finish foreign - - "It bears no mark, and no status knows it."; fi
    if [ -n "$digest" ] && [ -n "$KD_DIGEST" ] && [ "$digest" != "$KD_DIGEST" ]; then finish unconfigured; fi
    case $found in *=*) ;; *) finish broken - StatusMalformed "configure.status: $found" ;; esac
    code=${found##*=}
    case $found in
    "$KD_CONTAINER=") probe_running ;;
    *=) finish unconfigured ;;
    *=0) ;;
    *)
        say_tails "$base/configure.stdout" "$base/configure.stderr"
        case $code in *[!0-9]*) code=1 ;; esac
        finish script_failed "$code"
        ;;
    esac
    raise_fence
    [ "$owner" = ours ] || write_provenance
    [ ! -f "$stage/configmeta" ] || write_configmeta
    if [ "$KD_CONFIGCLI" = 1 ]; then install_helper; elif [ "$KD_NEW_LAYOUT" = 1 ]; then link_helper; fi
    finish recovered 0
}

probe_running() { # started by KubeDirector, or by an order of ours that was lost
    for mark in "$here"/runs/configure.*; do
        [ ! -d "$mark" ] || finish unconfigured
    done
    finish busy - KubeDirectorRun "KubeDirector's setup is still running in this container."
}

deliver() {
    stat_of $$ || broken GuestNoProc "/proc/$$/stat cannot be read."
    me=$$-$is_start
    find_incarnation
    beat &
    beater=$!
    fence
    [ "$KD_STOP" = 0 ] || stop
    [ "$KD_PROBE" = 0 ] || probe
    while :; do
        run_state "$run"
        case $state in
        finished | lost) report ;;
        running) attach ;;
        esac
        if take_lock; then break; fi
    done
    say claimed
    fence
    raise_fence
    tidy
    prepare
    [ -z "$KD_ARGS" ] || launch
    [ "$KD_SETUP" = 0 ] || write_status 0
    decide exit. "$run/end"
    finish done
}

kd_main() { # mode stage root mask
    stage=$2 root=$3 mask=$4 naps=0 beater=
    base=$root/opt/guestconfig
    state_dir=$base/.kdasync
    umask 077
    . "$stage/order"
    "$1"
}

kd_main "$@"
