"""What the KubeDirectorConfig CRD says beyond types. Source: spec/kubedirector-api.md sections 1.1 and 1.5."""

from __future__ import annotations

from kdasync.api import config
from kdasync.api import constraints as said
from kdasync.api.constraints import Table, field, plain, shape

TABLE: Table = {
    config.ConfigSpec: shape(
        defaultStorageClassName=field("StorageClass of roles that name none.", minLength=1),
        defaultServiceType=field("Type of member services of clusters that name none.", pattern=said.SERVICE_TYPE),
        nativeSystemdSupport=field("The container runtime runs systemd by itself; mount no cgroups."),
        requiredSecretPrefix=field("Prefix that names of mounted Secrets must have."),
        clusterSvcDomainBase=field("Tail of the members' names, with its leading dot."),
        defaultNamingScheme=field("Naming scheme of clusters that name none.", pattern=said.NAMING_SCHEME),
        masterEncryptionKey=field("AES key of secretKeys: 16, 24 or 32 bytes in hexadecimal."),
        podLabels=field("Labels of every pod.", nullable=True),
        podAnnotations=field("Annotations of every pod.", nullable=True),
        serviceLabels=field("Labels of every member service.", nullable=True),
        serviceAnnotations=field("Annotations of every member service.", nullable=True),
        backupClusterStatus=field("Keep a copy of each cluster's status in a KubeDirectorStatusBackup."),
        allowRestoreWithoutConnections=field("A restore does not wait for connected objects."),
        forceSharedMemorySizeSupport=field("Allow (true) or forbid (false) sharedMemory, whatever the Kubernetes version."),
    ),
    config.ConfigStatus: plain(config.ConfigStatus),
}
