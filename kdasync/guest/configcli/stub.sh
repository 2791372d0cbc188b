#!/bin/sh
# kdasync configcli
for lib in "${0%/*}/../lib/kdasync" /usr/local/lib/kdasync /usr/lib/kdasync; do
    [ ! -d "$lib/configcli" ] || break
done
for python in python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null; then
        PYTHONPATH=$lib${PYTHONPATH:+:$PYTHONPATH} exec "$python" -m configcli "${0##*/}" "$@"
    fi
done
echo "configcli needs Python 3.6 or newer (python3 or python on the PATH)." >&2
exit 127
