"""Write Patroni's settings (JSON, which is YAML too) and the superuser's password file.

Passwords: the role's secretKeys `superuser` and `replication` if the cluster has them; else random ones, made by whichever member is first and
kept in etcd under a key that only one can create. Nothing is derived from names or identifiers.
"""

import argparse
import base64
import json
import os
import secrets
import tempfile
import urllib.request

PASSWORDS = ("superuser", "replication", "restapi")


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def transaction(member, key, value):
    """Create the key unless it exists; return what is stored."""
    key = encoded(key)
    body = {
        "compare": [{"key": key, "target": "CREATE", "create_revision": "0"}],
        "success": [{"request_put": {"key": key, "value": encoded(value)}}],
        "failure": [{"request_range": {"key": key}}],
    }
    request = urllib.request.Request(f"http://{member}/v3/kv/txn", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        result = json.load(answer)
    if result.get("succeeded"):
        return value
    return base64.b64decode(result["responses"][0]["response_range"]["kvs"][0]["value"]).decode()


def stored(members, key):
    """The password under this key, made now if it is not there."""
    value, refusals = secrets.token_urlsafe(24), []
    for member in members:
        try:
            return transaction(member, key, value)
        except (OSError, KeyError, ValueError) as error:
            refusals.append(f"{member}: {error}")
    raise SystemExit(f"error: no etcd member keeps the password: {'; '.join(refusals)}")


def passwords(members, cluster_id):
    found = {}
    for name in PASSWORDS:
        found[name] = os.environ.get(f"KD_SECRET_{name.upper()}") or stored(members, f"/{cluster_id}/passwords/{name}")
    return found


def settings(given, words):
    memory = int(given.memory or 0)
    return {
        "scope": given.scope,
        "namespace": f"/{given.cluster_id}/",
        "name": given.name,
        "restapi": {
            "listen": "0.0.0.0:8008",
            "connect_address": f"{given.fqdn}:8008",
            "authentication": {"username": "patroni", "password": words["restapi"]},
        },
        "etcd3": {"hosts": given.etcd},
        "bootstrap": {
            "dcs": {
                "ttl": 20,
                "loop_wait": 5,
                "retry_timeout": 5,
                "maximum_lag_on_failover": 16 * 1024 * 1024,
                "failsafe_mode": True,
                "member_slots_ttl": "5min",
                "postgresql": {"use_pg_rewind": True, "use_slots": True},
            },
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
        },
        "postgresql": {
            "listen": "*:5432",
            "connect_address": f"{given.fqdn}:5432",
            "data_dir": f"{given.home}/data",
            "bin_dir": given.binaries,
            "pgpass": f"{given.home}/.patroni-pgpass",
            "authentication": {
                "superuser": {"username": "postgres", "password": words["superuser"]},
                "replication": {"username": "replicator", "password": words["replication"]},
            },
            "parameters": {
                "unix_socket_directories": given.home,
                "password_encryption": "scram-sha-256",
                **({"shared_buffers": f"{max(32, memory // 4)}MB"} if memory else {}),
            },
            "pg_hba": [
                "local all all scram-sha-256",
                "host replication replicator all scram-sha-256",
                "host all all all scram-sha-256",
            ],
        },
        "watchdog": {"mode": "off"},
    }


def write(path, text):
    """Replace a file that only its owner may read, in one step."""
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(prefix=name, dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if os.path.exists(path):
        os.chown(temporary, os.stat(path).st_uid, os.stat(path).st_gid)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser()
    for option in ("scope", "cluster-id", "name", "fqdn", "memory", "binaries", "home", "config"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--etcd", nargs="+", required=True, help="NAME:PORT of the members")
    given = parser.parse_args()
    words = passwords(given.etcd, given.cluster_id)
    write(f"{given.config}/patroni.yml", json.dumps(settings(given, words), indent=1) + "\n")
    write(f"{given.config}/superuser", words["superuser"] + "\n")


main()
