from __future__ import annotations

import json
from pathlib import Path

from realcluster.audit import Audit, counted


def line(verb: str, resource: str, *, user: str = "operator", stage: str = "ResponseComplete", sub: str = "") -> str:
    reference = {"resource": resource, "namespace": "a", "subresource": sub}
    return json.dumps(
        {"verb": verb, "stage": stage, "user": {"username": user}, "objectRef": reference, "responseStatus": {"code": 200}}
    )


def test_requests_are_counted_once_each(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    old = line("get", "pods") + "\n"
    new = [
        line("watch", "pods", stage="ResponseStarted"),
        line("watch", "pods"),
        line("get", "pods", stage="ResponseStarted", sub="exec"),
        line("get", "pods", sub="exec"),
        line("patch", "clusters", sub="status"),
        line("patch", "clusters", user="somebody"),
        '{"verb": "get", "stage": "Resp',
    ]
    log.write_text(old + "\n".join(new))
    audit = Audit(log)
    found = counted(audit.since(len(old), user="operator", namespace="a"))
    assert found == {("watch", "pods"): 1, ("get", "pods/exec"): 1, ("patch", "clusters/status"): 1}


def test_another_namespace_counts_nothing(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("get", "pods") + "\n")
    assert Audit(log).since(0, user="operator", namespace="b") == []
