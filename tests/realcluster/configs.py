"""The configuration files of the programs; each unusual line has its reason beside it."""

from __future__ import annotations

import json
from typing import Any

import yaml
from realcluster.layout import Layout

PAUSE = "kdasync.test/pause:1"

_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}

_CONTAINERD = """
version = 2
root = "{root}"
state = "{state}"
oom_score = 0
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  # an unprivileged sandbox of CI may not lower it
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
"""

_COREDNS = """
.:53 {{
    bind {address}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 0
    }}
}}
"""


def write(layout: Layout) -> None:
    """All files."""
    folder = layout.path("config")
    folder.joinpath("cni").mkdir(parents=True, exist_ok=True)
    texts = {
        "audit.yaml": yaml.safe_dump(_AUDIT),
        "containerd.toml": _containerd(layout),
        "kubelet.yaml": yaml.safe_dump(_kubelet(layout)),
        "kube-proxy.yaml": yaml.safe_dump(_proxy(layout)),
        "Corefile": _COREDNS.format(address=layout.address, kubeconfig=layout.kubeconfig("coredns")),
        "resolv.conf": f"nameserver {layout.address}\n",  # a guest's bash hook waits for ever on an empty one
        "cni/10-bridge.conflist": json.dumps(_cni(layout)),
    }
    for name, text in texts.items():
        folder.joinpath(name).write_text(text)


def _containerd(layout: Layout) -> str:
    return _CONTAINERD.format(
        root=layout.path("containerd", "root"),
        state=layout.path("containerd", "state"),
        socket=layout.containerd,
        pause=PAUSE,
        cni=layout.path("config", "cni"),
    )


def _cni(layout: Layout) -> dict[str, Any]:
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": layout.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(layout.path("cni")),
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "hairpinMode": True, "ipam": ipam}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]}


def _kubelet(layout: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",  # noqa: S104 - inside the namespace
        "tlsCertFile": str(layout.path("pki", "kubelet.crt")),
        "tlsPrivateKeyFile": str(layout.path("pki", "kubelet.key")),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(layout.path("pki", "ca.crt"))},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDomain": "cluster.local",
        "clusterDNS": [layout.address],
        "resolvConf": str(layout.path("config", "resolv.conf")),
        "containerRuntimeEndpoint": f"unix://{layout.containerd}",
        "podLogsDir": str(layout.path("pod-logs")),
        "volumePluginDir": str(layout.path("volume-plugins")),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": layout.cgroup,
        # a sandbox with control groups of version 1 and no delegated hierarchy:
        "failCgroupV1": False,
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        "failSwapOn": False,
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "maxPods": 200,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "serializeImagePulls": False,
    }


def _proxy(layout: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(layout.kubeconfig("proxy"))},
        "clusterCIDR": layout.pods,
        "conntrack": {"maxPerCore": 0, "min": 0},  # the limit belongs to the machine, not to a namespace
        "iptables": {"masqueradeAll": True},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }
