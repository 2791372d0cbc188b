"""Labels, annotations, the finalizer and fixed names that KubeDirector users and tools know.

Why in one place: they are the contract with everything outside (selectors, dashboards, backup tools), so they are never spelled
twice. Source: spec/kubedirector-api.md section 3.1.
"""

from __future__ import annotations

GROUP = "kubedirector.hpe.com"
API_VERSION = f"{GROUP}/v1beta1"
KIND = "KubeDirectorCluster"

CLUSTER = f"{GROUP}/kdcluster"  # label of everything made for a cluster: its name
APP = f"{GROUP}/kdapp"
APP_CATALOG = f"{GROUP}/appCatalog"
ROLE = f"{GROUP}/role"
HEADLESS = f"{GROUP}/headless"  # selector of the headless service: the cluster's name
PRETTY_NAME = f"{GROUP}/kdapp-prettyName"  # annotation
AUTH_TOKEN = f"{GROUP}/kd-auth-token"  # annotation of a member service

RESTORING = f"{GROUP}/restoring"  # label of a cluster
ALLOW_DELETE_WHILE_RESTORING = f"{GROUP}/allow-delete-while-restoring"  # label of a cluster
STATUS_BACKUP_EXISTS = f"{GROUP}/status-backup-exists"  # annotation of a cluster
CONNECTION_UPDATES = f"{GROUP}/connUpdateCounter"  # annotation of a cluster
HASH_CHANGES = f"{GROUP}/hashChangeCounter"  # annotation of a cluster
CONFIG_MAP_TYPE = f"{GROUP}/cmType"  # label of a connected ConfigMap
SECRET_TYPE = f"{GROUP}/secretType"  # label of a connected Secret
FINALIZER = f"{GROUP}/cleanup"

POD_NAME = "statefulset.kubernetes.io/pod-name"  # label that the StatefulSet controller puts on its pods

CONFIG_NAME = "kd-global-config"  # the one KubeDirectorConfig
APP_CONTAINER = "app"
INIT_CONTAINER = "init"
NO_SERVICE = "n/a"  # status of a member whose role exposes no port
