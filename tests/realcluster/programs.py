"""The command line of every program, in the order of their start."""

from __future__ import annotations

from pathlib import Path

import msgspec
from realcluster.layout import API_PORT, NODE, SERVICES, Layout


class Program(msgspec.Struct, frozen=True):
    """A program that runs as long as the cluster.

    Attributes:
        name: also of its log file.
        command: program and arguments.
    """

    name: str
    command: tuple[str, ...]


def etcd(layout: Layout) -> Program:
    """Without fsync: the data does not outlive the cluster."""
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return _program(
        "etcd",
        layout.tool("etcd"),
        data_dir=layout.path("etcd"),
        listen_client_urls=client,
        advertise_client_urls=client,
        listen_peer_urls=peer,
        initial_advertise_peer_urls=peer,
        initial_cluster=f"default={peer}",
        unsafe_no_fsync="true",
        log_level="warn",
    )


def api_server(layout: Layout) -> Program:
    """RBAC, tokens, an audit log of every request, and webhooks reachable without a proxy."""
    pki = layout.path("pki")
    return _program(
        "kube-apiserver",
        layout.tool("kube-apiserver"),
        etcd_servers="http://127.0.0.1:2379",
        secure_port=API_PORT,
        advertise_address=layout.address,
        tls_cert_file=pki / "apiserver.crt",
        tls_private_key_file=pki / "apiserver.key",
        client_ca_file=pki / "ca.crt",
        token_auth_file=layout.path("tokens.csv"),
        authorization_mode="Node,RBAC",
        service_account_issuer="https://kubernetes.default.svc",
        service_account_key_file=pki / "service-accounts.key",
        service_account_signing_key_file=pki / "service-accounts.key",
        service_cluster_ip_range=SERVICES,
        kubelet_certificate_authority=pki / "ca.crt",
        kubelet_client_certificate=pki / "kubelet-client.crt",
        kubelet_client_key=pki / "kubelet-client.key",
        kubelet_preferred_address_types="InternalIP",
        enable_aggregator_routing="true",
        allow_privileged="true",
        audit_policy_file=layout.path("config", "audit.yaml"),
        audit_log_path=layout.path("audit.log"),
    )


def controller_manager(layout: Layout) -> Program:
    """Fast enough for hundreds of StatefulSets; patient with nodes on a busy machine."""
    pki = layout.path("pki")
    return _program(
        "kube-controller-manager",
        layout.tool("kube-controller-manager"),
        kubeconfig=layout.kubeconfig("controller-manager"),
        service_account_private_key_file=pki / "service-accounts.key",
        root_ca_file=pki / "ca.crt",
        use_service_account_credentials="true",
        leader_elect="false",
        concurrent_statefulset_syncs=20,
        kube_api_qps=500,
        kube_api_burst=1000,
        node_monitor_grace_period="200s",
        bind_address="127.0.0.1",
    )


def scheduler(layout: Layout) -> Program:
    """The stock scheduler."""
    return _program(
        "kube-scheduler",
        layout.tool("kube-scheduler"),
        kubeconfig=layout.kubeconfig("scheduler"),
        leader_elect="false",
        kube_api_qps=500,
        kube_api_burst=1000,
        bind_address="127.0.0.1",
    )


def containerd(layout: Layout) -> Program:
    """Debian's, with a root, a state and a socket of its own."""
    return Program("containerd", ("containerd", "--config", str(layout.path("config", "containerd.toml"))))


def kubelet(layout: Layout) -> Program:
    """The node."""
    return _program(
        "kubelet",
        layout.tool("kubelet"),
        config=layout.path("config", "kubelet.yaml"),
        kubeconfig=layout.kubeconfig("kubelet"),
        root_dir=layout.path("kubelet"),
        hostname_override=NODE,
        node_ip=layout.address,
    )


def kube_proxy(layout: Layout) -> Program:
    """Service addresses by iptables."""
    return _program(
        "kube-proxy",
        layout.tool("kube-proxy"),
        config=layout.path("config", "kube-proxy.yaml"),
        hostname_override=NODE,
    )


def coredns(layout: Layout) -> Program:
    """Names of services and pods."""
    return Program("coredns", (layout.tool("coredns"), "-conf", str(layout.path("config", "Corefile"))))


def kwok(layout: Layout) -> Program:
    """Plays the nodes that carry its annotation."""
    return _program(
        "kwok",
        layout.tool("kwok"),
        config=Path(__file__).parent / "kwok" / "stages.yaml",
        kubeconfig=layout.kubeconfig("kwok"),
        manage_all_nodes="false",
        manage_nodes_with_annotation_selector="kwok.x-k8s.io/node=fake",
        node_ip=layout.address,
        node_lease_duration_seconds=200,
    )


def _program(name: str, tool: str, **flags: object) -> Program:
    return Program(name, (tool, *(f"--{flag.replace('_', '-')}={value}" for flag, value in flags.items())))
