"""What DNS answers."""

from __future__ import annotations

from kdasync.devcluster.controllers.names import names_of


def test_service_and_host_names() -> None:
    addresses = [{"ip": "10.0.0.1", "hostname": "web-0"}, {"ip": "10.0.0.2", "hostname": "web-1"}, {"ip": "10.0.0.3"}]
    endpoints = {"metadata": {"name": "hs", "namespace": "ns"}, "subsets": [{"addresses": addresses}]}
    assert names_of([endpoints]) == {
        "hs.ns.svc.cluster.local": ("10.0.0.1", "10.0.0.2", "10.0.0.3"),
        "web-0.hs.ns.svc.cluster.local": ("10.0.0.1",),
        "web-1.hs.ns.svc.cluster.local": ("10.0.0.2",),
    }


def test_not_ready_addresses_have_no_name() -> None:
    endpoints = {
        "metadata": {"name": "hs", "namespace": "ns"},
        "subsets": [{"notReadyAddresses": [{"ip": "10.0.0.1", "hostname": "a"}]}],
    }
    assert names_of([endpoints]) == {}


def test_the_domain_is_the_clusters() -> None:
    endpoints = {"metadata": {"name": "hs", "namespace": "ns"}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}
    assert list(names_of([endpoints], domain="example.org")) == ["hs.ns.svc.example.org"]
