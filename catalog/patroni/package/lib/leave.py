"""One try: exit 0 if a member that stays leads; else ask for a switchover to the best one that stays, and exit 1.

Every member that stays runs this; the first healthy one in the order of names asks, so that they do not ask against each other.
"""

import base64
import json
import sys
import urllib.error
import urllib.request

HEALTHY = ("running", "streaming")


def call(url, config, body=None):
    user = config["restapi"]["authentication"]
    token = base64.b64encode(f"{user['username']}:{user['password']}".encode()).decode()
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "Authorization": f"Basic {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def main(path, *leaving):
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    members = json.loads(call(f"http://{config['restapi']['connect_address']}/cluster", config))["members"]
    leaders = [member for member in members if member["role"] in ("leader", "standby_leader")]
    if leaders and leaders[0]["name"] not in leaving:
        return leaders[0]["state"] != "running"
    staying = [member for member in members if member["name"] not in leaving and member["state"] in HEALTHY]
    staying.sort(key=lambda member: (member["lag"] if isinstance(member.get("lag"), int) else 1 << 60, member["name"]))
    if not leaders or not staying or min(member["name"] for member in staying) != config["name"]:
        return 1
    leader, candidate = leaders[0], staying[0]["name"]
    print(call(leader["api_url"].rsplit("/", 1)[0] + "/switchover", config, {"leader": leader["name"], "candidate": candidate}))
    return 1


try:
    sys.exit(main(*sys.argv[1:]))
except urllib.error.HTTPError as error:
    print(f"Patroni: {error.code} {error.read().decode(errors='replace')}")
    sys.exit(1)
except (OSError, ValueError, KeyError) as error:
    print(f"Patroni: {error}")
    sys.exit(1)
