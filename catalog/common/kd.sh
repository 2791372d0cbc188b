# Shared shell library of the catalog's setup packages. POSIX sh and awk, nothing else: no bash, python, jq or curl.
#
# Why: every start script has to read configmeta.json, parse KubeDirector's arguments, wait with a bound, and hand the server over
# to the container's main process. They do it here, once.
#
# A start script sources this file, calls `kd_args "$@"` and then one function per event.
#
# Variables that a test may set: KD_CONFIGMETA, KD_RUN (the gate's directory), KD_DELAY (pause between two checks, seconds).

KD_CONFIGMETA=${KD_CONFIGMETA:-/etc/guestconfig/configmeta.json}
KD_RUN=${KD_RUN:-/run/kd}
KD_DELAY=${KD_DELAY:-0.2}

kd_log() {
    printf '%s\n' "$*"
}

# kd_die MESSAGE: ends the script with a sentence that says what to do next.
kd_die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# ---------------------------------------------------------------- arguments

# kd_args "$@": sets KD_EVENT (configure, addnodes, delnodes, reconnect or empty), KD_CHANGED_ROLE and KD_CHANGED_FQDNS (words).
# Options that a later KubeDirector may add are ignored, as are their values.
kd_args() {
    KD_EVENT='' KD_CHANGED_ROLE='' KD_CHANGED_FQDNS=''
    while [ $# -gt 0 ]; do
        case $1 in
        --configure | --addnodes | --delnodes | --reconnect) KD_EVENT=${1#--} ;;
        --role=*) KD_CHANGED_ROLE=${1#*=} ;;
        --fqdns=*) KD_CHANGED_FQDNS=$(kd_words "${1#*=}") ;;
        --role)
            [ $# -gt 1 ] || kd_die "--role needs the name of a role."
            KD_CHANGED_ROLE=$2
            shift
            ;;
        --fqdns)
            [ $# -gt 1 ] || kd_die "--fqdns needs a list of names, separated by commas."
            KD_CHANGED_FQDNS=$(kd_words "$2")
            shift
            ;;
        esac
        shift
    done
    case $KD_EVENT in
    addnodes | delnodes)
        [ -n "$KD_CHANGED_ROLE" ] || kd_die "--$KD_EVENT needs --role."
        [ -n "$KD_CHANGED_FQDNS" ] || kd_die "--$KD_EVENT needs --fqdns."
        ;;
    esac
}

# kd_words A,B: the comma list as words.
kd_words() {
    printf '%s\n' "$1" | tr ',' ' '
}

# kd_pod FQDN: the pod's name.
kd_pod() {
    printf '%s\n' "${1%%.*}"
}

# ---------------------------------------------------------------- configmeta

# kd_flatten FILE: JSON as lines "path<TAB>value"; the parts of a path are joined with "/", list indexes count from 0.
# References (bdvlibrefkey) are left as they are: scripts address nodegroups/1/roles directly.
kd_flatten() {
    sed -e 's/\\\\/\\u005c/g' -e 's/\\"/\\u0022/g' "$1" | LC_ALL=C awk '
        BEGIN { RS = "\""; depth = 0; literal = "" }
        function path(    i, text) {
            text = ""
            for (i = 1; i <= depth; i++) text = text (i > 1 ? "/" : "") (kind[i] == "{" ? key[i] : index_of[i])
            return text
        }
        function plain(text,    out, at, code) {
            out = ""
            while ((at = match(text, /\\(u00[0-7][0-9a-fA-F]|\/)/)) > 0) {
                code = substr(text, at + 1, RLENGTH - 1)
                out = out substr(text, 1, at - 1) (code == "/" ? "/" : character(substr(code, 4)))
                text = substr(text, at + RLENGTH)
            }
            return out text
        }
        function character(hex,    digits) {
            digits = "0123456789abcdef"
            hex = tolower(hex)
            return sprintf("%c", (index(digits, substr(hex, 1, 1)) - 1) * 16 + index(digits, substr(hex, 2, 1)) - 1)
        }
        function emit_literal() {
            if (literal != "") print path() "\t" literal
            literal = ""
        }
        function structure(text,    i, c) {
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c == "{" || c == "[") { kind[++depth] = c; index_of[depth] = 0; wants_key = c == "{" }
                else if (c == "}" || c == "]") { emit_literal(); depth--; wants_key = 0 }
                else if (c == ",") { emit_literal(); if (kind[depth] == "{") wants_key = 1; else index_of[depth]++ }
                else if (c !~ /[: \t\r\n]/) literal = literal c
            }
        }
        NR % 2 == 1 { structure($0); next }
        wants_key { key[depth] = plain($0); wants_key = 0; next }
        { print path() "\t" plain($0) }
    '
}

# kd_load: reads configmeta once; the other kd_ readers need it.
kd_load() {
    [ -r "$KD_CONFIGMETA" ] || kd_die "$KD_CONFIGMETA cannot be read. The operator writes it before it starts this script."
    KD_META=$(kd_flatten "$KD_CONFIGMETA")
    KD_ROLE=$(kd_get node/role_id)
    KD_FQDN=$(kd_get node/fqdn)
    [ -n "$KD_ROLE" ] && [ -n "$KD_FQDN" ] || kd_die "$KD_CONFIGMETA names no role and member of this node. It is damaged: set the member up again."
    KD_POD=$(kd_pod "$KD_FQDN")
}

# kd_get PATH: the value, or nothing.
kd_get() {
    printf '%s\n' "$KD_META" | KD_PATH=$1 awk -F '\t' '
        $1 == ENVIRON["KD_PATH"] && !found { print substr($0, length($1) + 2); found = 1 }'
}

# kd_list PATH: the values of a list, one a line.
kd_list() {
    printf '%s\n' "$KD_META" | KD_PATH=$1/ awk -F '\t' '
        index($1, ENVIRON["KD_PATH"]) == 1 && substr($1, length(ENVIRON["KD_PATH"]) + 1) ~ /^[0-9]+$/ { print substr($0, length($1) + 2) }'
}

# kd_fqdns ROLE: the members' names, lowest ordinal first.
kd_fqdns() {
    kd_list "nodegroups/1/roles/$1/fqdns" | kd_by_ordinal
}

# kd_oldest ROLE: the member that has been in the role for longest (the lowest node id).
kd_oldest() {
    printf '%s\n' "$KD_META" | KD_PATH="nodegroups/1/roles/$1/fqdn_mappings/" awk -F '\t' '
        index($1, ENVIRON["KD_PATH"]) == 1 && (best == "" || $2 + 0 < best) { best = $2 + 0; name = substr($1, length(ENVIRON["KD_PATH"]) + 1) }
        END { print name }'
}

# kd_by_ordinal: sorts names on stdin by the number at the end of the pod's name.
kd_by_ordinal() {
    awk '{ pod = $0; sub(/\..*/, "", pod); n = pod; sub(/.*-/, "", n); print n "\t" $0 }' | sort -n | cut -f 2
}

# kd_connected ROLE: names of the members with that role in the clusters this one is connected to.
kd_connected() {
    printf '%s\n' "$KD_META" | KD_SUFFIX="/nodegroups/1/roles/$1/fqdns/" awk -F '\t' '
        index($1, "connections/clusters/") == 1 && index($1, ENVIRON["KD_SUFFIX"]) { print $2 }' | kd_by_ordinal
}

# kd_flavor KEY: cores or memory (MiB) of this member's role; 0 means that the cluster gives no limit.
kd_flavor() {
    kd_get "nodegroups/1/roles/$KD_ROLE/flavor/$1"
}

# ---------------------------------------------------------------- waiting

# kd_wait SECONDS WHAT COMMAND...: repeats COMMAND until it succeeds; ends the script when the time is over.
# The bound is on time, not on tries: a slow COMMAND does not stretch it by more than its own duration.
kd_wait() {
    kd_limit=$1 kd_what=$2
    shift 2
    kd_end=$(($(date +%s) + kd_limit))
    until "$@"; do
        [ "$(date +%s)" -lt "$kd_end" ] || kd_die "waited $kd_limit s for $kd_what, in vain."
        sleep "$KD_DELAY"
    done
}

# kd_resolves NAME: the name has an address. Images differ in what can ask; one that has nothing is trusted.
kd_resolves() {
    if command -v getent >/dev/null 2>&1; then
        getent hosts "$1" >/dev/null 2>&1
    elif command -v nslookup >/dev/null 2>&1; then
        nslookup "$1" >/dev/null 2>&1
    fi
}

# ---------------------------------------------------------------- the gate

# kd_start: reads the main program's script on stdin and lets it begin. The container's main process waits for this file and runs
# it, so that the server is the main process: it gets the signals, its output is the pod's log, and its death restarts the container.
kd_start() {
    mkdir -p "$KD_RUN"
    cat >"$KD_RUN/start.new"
    mv "$KD_RUN/start.new" "$KD_RUN/start"
}
