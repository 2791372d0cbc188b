# Work for a PostgreSQL cluster, inside one of its db pods: `sh -s COMMAND < check.sh`. Exit 0 means that PostgreSQL itself confirmed it.
#
#   write N         replace table kd by the numbers 1 ... N, on the leader
#   read N POD      the same numbers are there, on that pod (waits up to 30 s for replication)
#   leader          the name of the pod that leads
#   members         the names of all pods that Patroni knows as running, one a line

set -eu
sql() { /opt/guestconfig/*/sql "$@"; }
cluster() {
    patronictl -c /etc/patroni/patroni.yml list -f tsv | tail -n +2
}
case $1 in
write)
    sql primary "BEGIN; DROP TABLE IF EXISTS kd; CREATE TABLE kd AS SELECT generate_series(1, $2) AS n; COMMIT" >/dev/null
    echo "wrote $2"
    ;;
read)
    tries=60
    until [ "$(sql "$3" 'SELECT count(*), sum(n) FROM kd' 2>/dev/null)" = "$2|$(($2 * ($2 + 1) / 2))" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "wrong on $3: $(sql "$3" 'SELECT count(*), sum(n) FROM kd' 2>&1)" && exit 1; }
        sleep 0.5
    done
    echo "read $2 on $3"
    ;;
leader) cluster | awk -F '\t' '$4 == "Leader" { print $2 }' ;;
members) cluster | awk -F '\t' '$5 == "running" || $5 == "streaming" { print $2 }' | sort ;;
*) echo "give write, read, leader or members" >&2 && exit 2 ;;
esac
