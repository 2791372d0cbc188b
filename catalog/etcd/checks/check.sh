# Work for an etcd cluster, inside one of its pods: `sh -s COMMAND < check.sh`. Exit 0 means that etcd itself confirmed it.
#
#   put N       write kd/1 ... kd/N, each with its number
#   get N       read all of them back from this member
#   members     the names of the voting members, one a line

set -eu
etcd() { ETCDCTL_API=3 etcdctl --endpoints="http://$(hostname -f 2>/dev/null || hostname):2379" --command-timeout=10s "$@"; }
case $1 in
put)
    i=1
    while [ "$i" -le "$2" ]; do
        etcd put "kd/$i" "$i" >/dev/null
        i=$((i + 1))
    done
    echo "put $2"
    ;;
get)
    sum=$(etcd get --prefix kd/ --print-value-only | awk '{ n++; s += $1 } END { print n, s }')
    [ "$sum" = "$2 $(($2 * ($2 + 1) / 2))" ] || { echo "wrong: $sum" && exit 1; }
    echo "got $2"
    ;;
members) etcd member list --write-out=simple | awk -F ', *' '$2 == "started" && $6 == "false" { print $3 }' | sort ;;
*) echo "give put, get or members" >&2 && exit 2 ;;
esac
