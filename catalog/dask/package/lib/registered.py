"""Exit 0 if the scheduler at the URL of its identity knows a running worker with this name."""

import json
import sys
import urllib.request

url, name = sys.argv[1:]
try:
    with urllib.request.urlopen(url, timeout=3) as answer:
        workers = json.load(answer)["workers"].values()
except (OSError, ValueError):
    sys.exit(1)
sys.exit(0 if any(worker["name"] == name and worker["status"] == "running" for worker in workers) else 1)
