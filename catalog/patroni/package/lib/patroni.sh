# The role db: Patroni runs PostgreSQL, etcd decides who leads. Sourced after kd.sh and etcd.sh.
#
# Why it is done this way: Patroni already elects a leader, clones, follows and fails over; the script gives it its settings, starts it as the
# container's main process, and moves leadership away from members that leave. Settings name members by name, never by address.

PATRONI_HOME=${PATRONI_HOME:-/var/lib/postgresql}
PATRONI_CONFIG=${PATRONI_CONFIG:-/etc/patroni}
PATRONI_API=8008
PATRONI_USER=postgres
PATRONI_SECONDS=${PATRONI_SECONDS:-3300} # a clone of a large database; below the operator's bound of an hour
PATRONI_DCS_SECONDS=${PATRONI_DCS_SECONDS:-600}
PATRONI_LEAVE_SECONDS=${PATRONI_LEAVE_SECONDS:-240}

# patroni_script NAME ARGUMENTS...: a Python program of this package; Patroni's image has Python.
patroni_script() {
    patroni_name=$1
    shift
    python3 "$here/lib/$patroni_name.py" "$@"
}

# ---------------------------------------------------------------- configure

patroni_configure() {
    command -v patroni >/dev/null 2>&1 || kd_die "the image has no 'patroni' in PATH. Use an image with patroni[etcd3] and PostgreSQL."
    kd_wait 120 "the address of $KD_FQDN" kd_resolves "$KD_FQDN"
    patroni_render
    patroni_drop
    if [ ! -f "$KD_RUN/start" ]; then
        printf '%s\n' "exec $PATRONI_DROP patroni $PATRONI_CONFIG/patroni.yml" | kd_start
    fi
    kd_wait "$PATRONI_SECONDS" "PostgreSQL on $KD_POD to be ready (Patroni says more in the pod's log)" patroni_ready
    kd_log "PostgreSQL on $KD_POD is ready"
}

# patroni_ready: the server accepts connections (health), and leads or has caught up (readiness, which a leader has before it accepts any).
patroni_ready() {
    patroni_script health "http://$KD_FQDN:$PATRONI_API/health" && patroni_script health "http://$KD_FQDN:$PATRONI_API/readiness"
}

# patroni_dcs: names of the etcd members: the role dcs, else connected clusters of the app etcd or of this one.
patroni_dcs() {
    for patroni_found in "$(kd_fqdns dcs)" "$(kd_connected member)" "$(kd_connected dcs)"; do
        if [ -n "$patroni_found" ]; then
            printf '%s\n' "$patroni_found"
            return 0
        fi
    done
}

patroni_dcs_healthy() {
    for patroni_one in $1; do
        patroni_script health "http://$patroni_one:$ETCD_CLIENT/health" && return 0
    done
    return 1
}

# Writes Patroni's settings; passwords come from the role's secretKeys, or are made once and kept in etcd.
patroni_render() {
    patroni_hosts=$(patroni_dcs)
    [ -n "$patroni_hosts" ] || kd_die "no etcd: give role dcs members, or list a cluster of the app etcd in spec.connections.clusters."
    kd_wait "$PATRONI_DCS_SECONDS" "etcd ($(printf '%s' "$patroni_hosts" | tr '\n' ' ')) to be healthy" patroni_dcs_healthy "$patroni_hosts"
    mkdir -p "$PATRONI_CONFIG" "$PATRONI_HOME"
    chmod 755 "$PATRONI_CONFIG"
    KD_SECRET_SUPERUSER=$(kd_get nodegroups/1/roles/db/secret_keys/superuser) \
        KD_SECRET_REPLICATION=$(kd_get nodegroups/1/roles/db/secret_keys/replication) \
        patroni_script render --scope "$(kd_get cluster/name)" --cluster-id "$(kd_get cluster/id)" --name "$KD_POD" --fqdn "$KD_FQDN" \
        --memory "$(kd_flavor memory)" --binaries "$(patroni_binaries)" --home "$PATRONI_HOME" --config "$PATRONI_CONFIG" \
        --etcd $(printf "%s:$ETCD_CLIENT " $patroni_hosts) || kd_die "Patroni's settings could not be written: see above."
}

# patroni_binaries: PostgreSQL's folder: of the version that the data has, else of the newest.
patroni_binaries() {
    if [ -s "$PATRONI_HOME/data/PG_VERSION" ]; then
        patroni_dir=/usr/lib/postgresql/$(cat "$PATRONI_HOME/data/PG_VERSION")/bin
        [ ! -x "$patroni_dir/postgres" ] || { printf '%s\n' "$patroni_dir" && return 0; }
    fi
    for patroni_dir in /usr/lib/postgresql/*/bin; do
        [ ! -x "$patroni_dir/postgres" ] || printf '%s\n' "$patroni_dir"
    done | sort -t / -k 5 -n | tail -n 1 | grep . && return 0
    patroni_dir=$(command -v postgres) || kd_die "the image has no PostgreSQL server. Use an image with one."
    dirname "$patroni_dir"
}

# patroni_drop: sets PATRONI_DROP, the words that run a command as an ordinary user, because PostgreSQL refuses uid 0.
# Where this root may not become another user (a user namespace with one user), or that user cannot reach the image's Python (one below
# /root), a nested user namespace shows root's own files and processes as those of postgres.
patroni_drop() {
    PATRONI_DROP=''
    [ "$(id -u)" = 0 ] || return 0
    patroni_uid=$(id -u "$PATRONI_USER" 2>/dev/null) && patroni_gid=$(id -g "$PATRONI_USER") ||
        kd_die "the image has no user $PATRONI_USER. PostgreSQL refuses to run as root: add the user."
    for patroni_try in "setpriv --reuid=$patroni_uid --regid=$patroni_gid --init-groups" "gosu $PATRONI_USER" "su-exec $PATRONI_USER" \
        "chpst -u $PATRONI_USER"; do
        if patroni_runs "$patroni_try"; then
            PATRONI_DROP=$patroni_try
            chown -R "$patroni_uid:$patroni_gid" "$PATRONI_HOME" "$PATRONI_CONFIG"
            return 0
        fi
    done
    patroni_try="unshare --user --map-user=$patroni_uid --map-group=$patroni_gid"
    patroni_runs "$patroni_try" ||
        kd_die "root cannot become $PATRONI_USER here, with setpriv or in a user namespace. Run the pod with CAP_SETUID and CAP_SETGID."
    PATRONI_DROP=$patroni_try
    chown -R 0:0 "$PATRONI_HOME" "$PATRONI_CONFIG"
}

# patroni_runs WORDS: a shell started this way can start Patroni (the shell between them has no capabilities left over from root).
patroni_runs() {
    $1 sh -c 'patroni --version; exit $?' >/dev/null 2>&1
}

# ---------------------------------------------------------------- delnodes

# When members of the role db leave: somebody who stays leads before this returns.
patroni_delnodes() {
    if [ "$KD_CHANGED_ROLE" != db ]; then
        kd_log "$KD_POD has nothing to do for role $KD_CHANGED_ROLE."
        return 0
    fi
    patroni_pods=''
    for patroni_fqdn in $KD_CHANGED_FQDNS; do
        patroni_pods="$patroni_pods $(kd_pod "$patroni_fqdn")"
    done
    # shellcheck disable=SC2086 # one argument a pod
    kd_wait "$PATRONI_LEAVE_SECONDS" "a member that stays to lead, instead of one of$patroni_pods" \
        patroni_script leave "$PATRONI_CONFIG/patroni.yml" $patroni_pods
    kd_log "a member that stays leads"
}
