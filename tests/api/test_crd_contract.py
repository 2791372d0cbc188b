"""Names, columns, nulls and unknown fields of the CRDs are KubeDirector's (spec/kubedirector-api.md section 1)."""

from __future__ import annotations

from typing import Any

NULLABLE = {
    "KubeDirectorApp": """spec.defaultConfigPackage spec.services[].label spec.services[].endpoint spec.roles[].configPackage
        spec.roles[].containerSpec spec.roles[].minResources spec.roles[].minStorage spec.config.configMeta""",
    "KubeDirectorCluster": """spec.defaultSecret spec.roles[].podLabels spec.roles[].podAnnotations spec.roles[].serviceLabels
        spec.roles[].serviceAnnotations spec.roles[].secret spec.roles[].storage spec.roles[].blockStorage
        spec.roles[].resources.requests spec.roles[].fileInjections[].permissions status status.restoreProgress""",
    "KubeDirectorConfig": "spec spec.podLabels spec.podAnnotations spec.serviceLabels spec.serviceAnnotations status",
    "KubeDirectorStatusBackup": "spec.statusBackup spec.statusBackup.restoreProgress",
}
PRESERVING = {
    "KubeDirectorApp": "spec spec.label spec.services[] spec.roles[].minResources",
    "KubeDirectorCluster": "spec.roles[].resources.limits spec.roles[].resources.requests",
    "KubeDirectorConfig": "",
    "KubeDirectorStatusBackup": "",
}


def having(schema: Any, keyword: str, path: str = "") -> set[str]:
    found = {path} if schema.get(keyword) is True else set()
    for key, item in schema.get("properties", {}).items():
        found |= having(item, keyword, f"{path}.{key}".lstrip("."))
    return found | (having(schema["items"], keyword, f"{path}[]") if "items" in schema else set())


def keywords(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema).union(*(keywords(item) for item in schema.values()))
    return set().union(*(keywords(item) for item in schema)) if isinstance(schema, list) else set()


def test_nulls(kinds: Any) -> None:
    assert {name: having(kind.schema, "nullable") for name, kind in kinds.items()} == {
        name: set(words.split()) for name, words in NULLABLE.items()
    }


def test_unknown_fields(kinds: Any) -> None:
    found = {name: having(kind.schema, "x-kubernetes-preserve-unknown-fields") for name, kind in kinds.items()}
    memory = ("status.kdasync", "spec.statusBackup.kdasync")
    theirs = {name: {path for path in paths if not path.startswith(memory)} for name, paths in found.items()}
    assert theirs == {name: set(words.split()) for name, words in PRESERVING.items()}


def test_the_memory_survives_an_older_crd(kinds: Any) -> None:
    memory = {"stamp": "x", "future": 1, "members": [{"nodeID": 1, "future": {"a": None}}]}
    kept = kinds["KubeDirectorCluster"].prune({"spec": {}, "status": {"kdasync": memory}})
    assert kept["status"]["kdasync"] == memory


def test_names(kinds: Any) -> None:
    assert {kind.crd["metadata"]["name"]: kind.crd["spec"]["names"]["shortNames"] for kind in kinds.values()} == {
        "kubedirectorapps.kubedirector.hpe.com": ["kdapp"],
        "kubedirectorclusters.kubedirector.hpe.com": ["kdcluster"],
        "kubedirectorconfigs.kubedirector.hpe.com": ["kdconfig"],
        "kubedirectorstatusbackups.kubedirector.hpe.com": ["kdstatusbackup"],
    }


def test_subresources(kinds: Any) -> None:
    with_status = {name for name, kind in kinds.items() if "subresources" in kind.version}
    assert with_status == {"KubeDirectorCluster", "KubeDirectorConfig"}


def test_plain_output_has_kubedirectors_columns_and_wide_output_more(kinds: Any) -> None:
    columns = kinds["KubeDirectorCluster"].version["additionalPrinterColumns"]
    shown = [column["name"] for column in columns if not column.get("priority")]
    assert shown == ["KDApp", "State", "Any Down", "Any ConfigError"]
    assert [column["name"] for column in columns if column.get("priority")] == ["Ready", "Reason", "Age"]


def test_no_defaults(kinds: Any) -> None:
    assert not any("default" in keywords(kind.schema) for kind in kinds.values())


def test_singleton_name(kinds: Any) -> None:
    config = kinds["KubeDirectorConfig"]
    body = {"apiVersion": "v", "kind": "KubeDirectorConfig"}
    assert config.errors({**body, "metadata": {"name": "kd-global-config"}}) == []
    assert config.errors({**body, "metadata": {"name": "other"}})


def test_long_app_name(kinds: Any) -> None:
    words = [error for error in kinds["KubeDirectorApp"].errors({"metadata": {"name": "a" * 64}}) if "too long" in error]
    assert len(words) == 1
