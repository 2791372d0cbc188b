"""What the KubeDirectorCluster CRD says about its spec beyond types. Source: spec/kubedirector-api.md sections 1.1 and 1.3."""

from __future__ import annotations

from typing import Any, Final

from kdasync.api import cluster
from kdasync.api import constraints as said
from kdasync.api.affinity import AFFINITY
from kdasync.api.constraints import Table, field, plain, shape

_QUANTITY: Final = {"type": "string", "pattern": said.QUANTITY}


def _amounts(*names: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema = {
        "type": "object",
        **said.PRESERVE,
        "properties": dict.fromkeys(names, _QUANTITY),
    }
    return {**schema, "required": list(required)} if required else schema


_LIMITS: Final = _amounts("memory", "cpu", "nvidia.com/gpu", "amd.com/gpu", "ephemeral-storage", required=("memory", "cpu"))

TABLE: Table = {
    cluster.ClusterSpec: shape(
        "app",
        "roles",
        app=field("Name of the KubeDirectorApp. Fixed after creation.", minLength=1),
        appCatalog=field("`local`: the app is in this namespace, `system`: in the operator's.", pattern=said.CATALOG),
        serviceType=field("Type of the services of members.", pattern=said.SERVICE_TYPE),
        namingScheme=field("How objects are named.", pattern=said.NAMING_SCHEME),
        defaultSecret=field("Secret mounted into every role that has none of its own.", nullable=True),
        connections=field(),
        roles=field("Roles wanted."),
        kdasync=field(),
    ),
    cluster.Connections: plain(cluster.Connections),
    cluster.Role: shape(
        "id",
        "resources",
        id=field("A role of the app.", minLength=1, maxLength=63, pattern=said.ROLE_ID_ANYWHERE),
        members=field("How many; absent: the smallest number that the app allows.", minimum=0),
        resources=field(),
        storage=field(nullable=True),
        blockStorage=field(nullable=True),
        sharedMemory=field("Size of /dev/shm.", pattern=said.QUANTITY),
        env=field("Environment of the app container."),
        secret=field(nullable=True),
        secretKeys=field("Values that are encrypted on admission."),
        fileInjections=field("Files that each member downloads before its setup."),
        volumeProjections=field("Existing claims to mount."),
        serviceAccountName=field("Service account of the pods; its token is mounted.", minLength=1),
        affinity=field("Scheduling, as in core/v1 Affinity.", schema=AFFINITY),
        podLabels=field("Labels of the pods.", nullable=True),
        podAnnotations=field("Annotations of the pods.", nullable=True),
        serviceLabels=field("Labels of the members' services.", nullable=True),
        serviceAnnotations=field("Annotations of the members' services.", nullable=True),
    ),
    cluster.Resources: shape(
        "limits",
        limits=field("Limits.", schema=_LIMITS),
        requests=field("Requests.", nullable=True, schema=_amounts("memory", "cpu", "ephemeral-storage")),
    ),
    cluster.Storage: shape(
        "size",
        size=field("Size of the claim.", pattern=said.QUANTITY),
        storageClassName=field("Absent: the configured, else the cluster's default class.", minLength=1),
    ),
    cluster.BlockStorage: shape(
        "storageClassName",
        "pathPrefix",
        "numDevices",
        pathPrefix=field("Device i appears at this text followed by i.", minLength=1, pattern=said.ABSOLUTE),
        numDevices=field("Devices per member.", minimum=1),
        size=field("Size of each; absent: 1Gi.", pattern=said.QUANTITY),
        storageClassName=field("StorageClass of the devices.", minLength=1),
    ),
    cluster.EnvVar: shape("name", "value", name=field("Name.", minLength=1), value=field("Value.")),
    cluster.SecretMount: shape(
        "name",
        "mountPath",
        name=field("Name of the Secret.", minLength=1),
        mountPath=field("Where it appears.", minLength=1, pattern=said.MOUNT_PATH),
        defaultMode=field("Mode of its files.", maximum=0o777),
        readOnly=field("Mount it read-only."),
    ),
    cluster.SecretKey: shape(
        "name",
        name=field("Key in configmeta.", minLength=1),
        value=field("Clear text; never stored."),
        encryptedValue=field("What is stored.", minLength=1),
    ),
    cluster.FileInjection: shape(
        "srcURL",
        "destDir",
        srcURL=field("What to download.", pattern=said.HTTP_URL),
        destDir=field("Where to put it.", minLength=1, pattern=said.ABSOLUTE),
        permissions=field(nullable=True),
    ),
    cluster.FilePermissions: plain(cluster.FilePermissions),
    cluster.VolumeProjection: shape(
        "pvcName",
        "mountPath",
        pvcName=field("Name of the claim.", minLength=1),
        mountPath=field("Where it appears.", minLength=2, pattern=said.MOUNT_PATH),
        readOnly=field("Mount it read-only."),
    ),
    cluster.ClusterPolicy: shape(paused=field("Observe and report, but change nothing.")),
}
