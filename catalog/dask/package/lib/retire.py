"""Retire workers by name: their results move to the others first, then they close.

Exit 0 only when the scheduler has forgotten every named worker, which it does only after each of their results lives elsewhere.
Repeating it is free: a name that the scheduler does not know is already done.
"""

import sys
import time

from distributed import Client


def known(client, names):
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return {str(worker["name"]) for worker in workers} & names


def retire(client, leaving, seconds):
    try:
        client.retire_workers(names=leaving, close_workers=True, callback_timeout=seconds)
    except TimeoutError:
        return
    time.sleep(0.1)


def main(address, seconds, *pods):
    names, deadline = set(pods), time.monotonic() + float(seconds)
    with Client(address, timeout=min(30, float(seconds)), set_as_default=False) as client:
        while leaving := sorted(known(client, names)):
            left = deadline - time.monotonic()
            if left <= 0:
                print(f"still registered after {seconds} s: {', '.join(leaving)}", file=sys.stderr)
                return 1
            retire(client, leaving, left)
    print(f"retired: {', '.join(sorted(names))}")
    return 0


sys.exit(main(*sys.argv[1:]))
