import pytest

from kdasync.errors import BadRequest
from kdasync.kube.resource import CLUSTERS, DEFINITIONS, PODS, STATEFUL_SETS


def test_core_and_grouped_kinds_live_under_their_roots() -> None:
    assert PODS.collection_path() == "/api/v1/pods"
    assert PODS.path("ns", "p", "exec") == "/api/v1/namespaces/ns/pods/p/exec"
    assert STATEFUL_SETS.path("ns", "s") == "/apis/apps/v1/namespaces/ns/statefulsets/s"
    assert CLUSTERS.collection_path("ns") == "/apis/kubedirector.hpe.com/v1beta1/namespaces/ns/kubedirectorclusters"


def test_a_cluster_scoped_kind_has_no_namespace_in_its_path() -> None:
    assert DEFINITIONS.path("ignored", "x.y") == "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x.y"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb", "../../secrets/s"])
def test_a_name_cannot_leave_its_collection(name: str) -> None:
    with pytest.raises(BadRequest, match="Correct the name"):
        PODS.path("ns", name)
