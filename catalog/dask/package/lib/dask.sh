# What Dask needs for each event. Sourced by startscript after kd.sh.

DASK_PORT=8786
DASK_HTTP=8787
DASK_WORKER_PORT=9000
DASK_WORKER_HTTP=8788
DASK_DATA=/data
DASK_SECONDS=${DASK_SECONDS:-300} # a cold image and a busy node included
RETIRE_SECONDS=${RETIRE_SECONDS:-540} # below the operator's bound of ten minutes

dask_scheduler() {
    kd_fqdns scheduler | head -n 1
}

# dask_script NAME ARGUMENTS...: a Python program of this package, with the image's own Python.
dask_script() {
    dask_name=$1
    shift
    python3 "$here/lib/$dask_name.py" "$@"
}

dask_configure() {
    command -v dask >/dev/null 2>&1 || kd_die "the image has no 'dask' in PATH. Use an image with dask and distributed."
    kd_wait "$DASK_SECONDS" "the address of $KD_FQDN" kd_resolves "$KD_FQDN"
    case $KD_ROLE in
    scheduler) dask_configure_scheduler ;;
    worker) dask_configure_worker ;;
    *) kd_die "this package knows the roles scheduler and worker, not '$KD_ROLE'." ;;
    esac
}

dask_configure_scheduler() {
    kd_start <<START
exec dask scheduler --host $KD_FQDN --port $DASK_PORT --dashboard-address :$DASK_HTTP
START
    kd_wait "$DASK_SECONDS" "the scheduler to be healthy on port $DASK_HTTP" dask_script health "http://$KD_FQDN:$DASK_HTTP/health"
    kd_log "scheduler $KD_POD is healthy"
}

dask_configure_worker() {
    dask_first=$(dask_scheduler)
    [ -n "$dask_first" ] || kd_die "the cluster has no scheduler. Give role scheduler one member."
    mkdir -p "$DASK_DATA"
    kd_start <<START
exec dask worker tcp://$dask_first:$DASK_PORT --name $KD_POD --host $KD_FQDN --worker-port $DASK_WORKER_PORT \\
    --dashboard-address :$DASK_WORKER_HTTP --no-nanny --nworkers 1 --nthreads $(dask_threads) --memory-limit $(dask_memory) \\
    --local-directory $DASK_DATA
START
    kd_wait "$DASK_SECONDS" "the scheduler $dask_first to know worker $KD_POD" \
        dask_script registered "http://$dask_first:$DASK_HTTP/json/identity.json" "$KD_POD"
    kd_log "worker $KD_POD is registered with $dask_first"
}

dask_threads() {
    dask_cores=$(kd_flavor cores)
    case $dask_cores in '' | 0) echo 1 ;; *) echo "$dask_cores" ;; esac
}

# Nine tenths of the container's limit: Dask spills and pauses by shares of this figure, the kernel kills at the limit.
dask_memory() {
    dask_mib=$(kd_flavor memory)
    case $dask_mib in '' | 0) echo auto ;; *) echo "$((dask_mib * 9 / 10))MiB" ;; esac
}

dask_delnodes() {
    if [ "$KD_ROLE" != scheduler ] || [ "$KD_CHANGED_ROLE" != worker ]; then
        kd_log "the scheduler retires workers; $KD_POD has nothing to do."
        return 0
    fi
    dask_pods=''
    for dask_fqdn in $KD_CHANGED_FQDNS; do
        dask_pods="$dask_pods $(kd_pod "$dask_fqdn")"
    done
    # shellcheck disable=SC2086 # one argument a pod
    dask_script retire "tcp://$KD_FQDN:$DASK_PORT" "$RETIRE_SECONDS" $dask_pods ||
        kd_die "the workers$dask_pods could not be retired: their results are still only there. Free memory on the other workers, or add one."
}
