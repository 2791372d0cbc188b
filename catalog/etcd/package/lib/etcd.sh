# An etcd cluster inside one role. Sourced after kd.sh; etcd 3.4 and newer.
#
# Why it is done this way: members are set up in parallel and their number may change at any moment, so a list of first members would
# differ from member to member. The role's oldest member starts a cluster of one; every other asks a healthy member to be added as a learner
# (which does not count for the quorum), copies the data, and is promoted. etcd allows one learner at a time: the others wait.
#
# Guarantees: a cluster is started only by the oldest member, and only if no other member answers; data is wiped only if a healthy
# cluster does not know this member; a member is removed from the cluster before its pod goes.

ETCD_CLIENT=2379
ETCD_PEER=2380
ETCD_DATA=${ETCD_DATA:-/var/lib/etcd/data}
ETCD_SECONDS=${ETCD_SECONDS:-600} # others may join first, and each takes seconds
ETCD_LEAVE_SECONDS=${ETCD_LEAVE_SECONDS:-240}

# ---------------------------------------------------------------- asking

# etcd_ctl FQDN ARGUMENTS...: one member is asked, with a bound: etcdctl tries a closed port until its time is over.
etcd_ctl() {
    etcd_at=$1
    shift
    ETCDCTL_API=3 etcdctl --endpoints="http://$etcd_at:$ETCD_CLIENT" --dial-timeout=1s --command-timeout="${ETCD_PATIENCE:-5s}" "$@"
}

# etcd_change FQDN ARGUMENTS...: a change. Its refusal is told when it differs from the last one, not at every try.
etcd_change() {
    etcd_answer=$(etcd_ctl "$@" 2>&1) && return 0
    etcd_answer=$(printf '%s\n' "$etcd_answer" | tail -n 1)
    [ "$etcd_answer" = "${ETCD_REFUSAL:-}" ] || kd_log "etcd: $etcd_answer"
    ETCD_REFUSAL=$etcd_answer
    return 1
}

# etcd_answers FQDN: its server runs, with or without a quorum.
etcd_answers() {
    ETCD_PATIENCE=2s etcd_ctl "$1" endpoint status
}

# etcd_healthy FQDN: it reads through a quorum.
etcd_healthy() {
    ETCD_PATIENCE=2s etcd_ctl "$1" endpoint health
}

# etcd_peers: the other members of the role.
etcd_peers() {
    kd_fqdns "$ETCD_ROLE" | grep -vxF "$KD_FQDN"
}

# etcd_peer CHECK: the first peer that passes; all are asked at once, because one that is down takes its time.
etcd_peer() {
    etcd_asked=''
    for etcd_name in $(etcd_peers); do
        "$1" "$etcd_name" >/dev/null 2>&1 &
        etcd_asked="$etcd_asked $etcd_name=$!"
    done
    for etcd_one in $etcd_asked; do
        if wait "${etcd_one##*=}"; then
            printf '%s\n' "${etcd_one%=*}"
            return 0
        fi
    done
    return 1
}

# etcd_list FQDN: "id, state, name, peer URL, client URL, learner" of every member, as that one knows them.
etcd_list() {
    etcd_ctl "$1" member list --write-out=simple 2>/dev/null
}

# etcd_field FQDN N: field N of that member's line on stdin, or nothing.
etcd_field() {
    ETCD_URL="http://$1:$ETCD_PEER" awk -F ', *' -v field="$2" '$4 == ENVIRON["ETCD_URL"] { print $field }'
}

# ---------------------------------------------------------------- configure

# etcd_configure ROLE
etcd_configure() {
    ETCD_ROLE=$1
    command -v etcd >/dev/null 2>&1 && command -v etcdctl >/dev/null 2>&1 || kd_die "the image has no etcd and etcdctl in PATH. Use an image with both."
    kd_fqdns "$ETCD_ROLE" | grep -qxF "$KD_FQDN" || kd_die "$KD_FQDN is not in the cluster's list of $ETCD_ROLE members: it is leaving."
    kd_wait 120 "the address of $KD_FQDN" kd_resolves "$KD_FQDN"
    if [ ! -f "$KD_RUN/start" ]; then
        etcd_clear_stale
        if [ -d "$ETCD_DATA/member" ]; then
            etcd_run existing ''
        else
            etcd_begin
        fi
    fi
    kd_wait "$ETCD_SECONDS" "$KD_POD to be a voting member with a quorum" etcd_settled
    kd_log "etcd member $KD_POD is healthy"
}

# Data of a member that a healthy cluster does not know, or knows only as one that has yet to start, is of an earlier life.
etcd_clear_stale() {
    [ -d "$ETCD_DATA/member" ] || return 0
    etcd_any=$(etcd_peer etcd_healthy) || return 0
    etcd_lines=$(etcd_list "$etcd_any") || return 0
    if [ "$(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 2)" != started ]; then
        kd_log "the cluster does not know the data of $KD_POD: it is wiped"
        rm -rf "$ETCD_DATA"
    fi
}

# No data: start a cluster, or join one.
etcd_begin() {
    if [ "$(kd_oldest "$ETCD_ROLE")" = "$KD_FQDN" ] && ! etcd_peer etcd_answers >/dev/null; then
        etcd_run new "$KD_POD=http://$KD_FQDN:$ETCD_PEER"
        return 0
    fi
    kd_wait "$ETCD_SECONDS" "a healthy member of the cluster to accept $KD_POD" etcd_join
}

# One try to join; fails while no member is healthy, while another learner is on its way, or in etcd's first seconds ("unhealthy cluster").
etcd_join() {
    etcd_any=$(etcd_peer etcd_healthy) || return 1
    etcd_lines=$(etcd_list "$etcd_any") || return 1
    case $(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 2) in
    started) # this member lost its data: its old self cannot come back
        etcd_change "$etcd_any" member remove "$(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 1)"
        return 1
        ;;
    unstarted) ;; # added by an earlier try
    *)
        etcd_change "$etcd_any" member add "$KD_POD" --learner --peer-urls="http://$KD_FQDN:$ETCD_PEER" || return 1
        etcd_lines=$(etcd_list "$etcd_any") || return 1
        ;;
    esac
    etcd_run existing "$(printf '%s\n' "$etcd_lines" | etcd_initial)"
}

# etcd_initial: the member list on stdin as --initial-cluster wants it. A member that has yet to start has no name: its pod's name is it.
etcd_initial() {
    awk -F ', *' '{ name = $4; sub("^http://", "", name); sub(/\..*/, "", name); printf "%s%s=%s", (NR > 1 ? "," : ""), name, $4 }'
}

# etcd_run STATE INITIAL-CLUSTER: opens the gate. etcd ignores the --initial-* options once it has data.
etcd_run() {
    mkdir -p "$ETCD_DATA"
    chmod 700 "$ETCD_DATA"
    kd_start <<START
exec etcd --name $KD_POD --data-dir $ETCD_DATA \\
    --listen-client-urls http://0.0.0.0:$ETCD_CLIENT --advertise-client-urls http://$KD_FQDN:$ETCD_CLIENT \\
    --listen-peer-urls http://0.0.0.0:$ETCD_PEER --initial-advertise-peer-urls http://$KD_FQDN:$ETCD_PEER \\
    --initial-cluster-state $1 --initial-cluster-token $(kd_get cluster/id) ${2:+--initial-cluster $2} \\
    --auto-compaction-retention=1
START
}

# etcd_settled: this member votes and reads through a quorum; a learner is promoted as soon as it has caught up.
etcd_settled() {
    etcd_any=$(etcd_peer etcd_healthy) && etcd_promoted "$etcd_any"
    etcd_healthy "$KD_FQDN" >/dev/null 2>&1
}

# etcd_promoted FQDN: one try to make this member a voter, if it is a learner.
etcd_promoted() {
    etcd_lines=$(etcd_list "$1") || return 1
    [ "$(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 6)" = true ] || return 0
    etcd_change "$1" member promote "$(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 1)"
}

# ---------------------------------------------------------------- delnodes

# etcd_delnodes ROLE: takes the leaving members out of the cluster, one after the other.
etcd_delnodes() {
    ETCD_ROLE=$1
    if [ "$KD_ROLE" != "$ETCD_ROLE" ] || [ "$KD_CHANGED_ROLE" != "$ETCD_ROLE" ]; then
        kd_log "$KD_POD has nothing to do for role $KD_CHANGED_ROLE."
        return 0
    fi
    for etcd_leaving in $KD_CHANGED_FQDNS; do
        [ "$etcd_leaving" != "$KD_FQDN" ] || continue
        kd_wait "$ETCD_LEAVE_SECONDS" "etcd to remove $(kd_pod "$etcd_leaving")" etcd_removed "$etcd_leaving"
        kd_log "etcd has no member $(kd_pod "$etcd_leaving") any more"
    done
}

# etcd_removed FQDN: it is no member; if it is, one try to remove it. It gives up leadership first.
etcd_removed() {
    etcd_healthy "$KD_FQDN" >/dev/null 2>&1 || return 1
    etcd_lines=$(etcd_list "$KD_FQDN") || return 1
    etcd_id=$(printf '%s\n' "$etcd_lines" | etcd_field "$1" 1)
    [ -n "$etcd_id" ] || return 0
    if etcd_leads "$1"; then
        etcd_change "$1" move-leader "$(printf '%s\n' "$etcd_lines" | etcd_field "$KD_FQDN" 1)" || return 1
    fi
    etcd_change "$KD_FQDN" member remove "$etcd_id"
    return 1
}

# etcd_leads FQDN
etcd_leads() {
    ETCD_PATIENCE=2s etcd_ctl "$1" endpoint status --write-out=fields 2>/dev/null | awk -F ' : ' '
        $1 == "\"MemberID\"" { me = $2 } $1 == "\"Leader\"" { leader = $2 } END { exit !(me != "" && me == leader) }'
}
