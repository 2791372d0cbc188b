"""What the KubeDirectorApp CRD says beyond types. Source: spec/kubedirector-api.md sections 1.1 and 1.2."""

from __future__ import annotations

from typing import Any, Final

from kdasync.api import app
from kdasync.api import constraints as said
from kdasync.api.constraints import Table, field, shape

_QUANTITY: Final[dict[str, Any]] = {"type": "string", "pattern": said.QUANTITY}
_MINIMA: Final[dict[str, Any]] = {
    "type": "object",
    **said.PRESERVE,
    "properties": dict.fromkeys(("memory", "cpu", "ephemeral-storage", "nvidia.com/gpu", "amd.com/gpu"), _QUANTITY),
}
_SERVICE_ID: Final[dict[str, Any]] = {"minLength": 1, "maxLength": 15, "pattern": said.SERVICE_ID}
_ROLE_ID: Final[dict[str, Any]] = {"minLength": 1, "maxLength": 63, "pattern": said.ROLE_ID}
_DIRS: Final[dict[str, Any]] = {"pattern": said.PERSIST_DIR}
_EVENTS: Final[dict[str, Any]] = {"pattern": said.EVENT}
_SECONDS: Final[dict[str, Any]] = {"minimum": 0}

TABLE: Table = {
    app.AppSpec: shape(
        "label",
        "distroID",
        "version",
        "roles",
        "config",
        "configSchemaVersion",
        preserve=True,
        label=field(**said.PRESERVE),
        distroID=field("Stable identity of the app across its versions.", minLength=1),
        version=field("Release of that distroID.", minLength=1),
        configSchemaVersion=field("Passed through to the members' configmeta as its version.", minimum=7),
        defaultImageRepoTag=field("Image of roles that name none. Folded into the roles on admission.", minLength=1),
        defaultConfigPackage=field("Setup package of roles that do not mention one; null: no package.", nullable=True),
        defaultMaxLogSizeDump=field("Default of the roles' maxLogSizeDump.", minimum=0),
        defaultPersistDirs=field("Default of the roles' persistDirs.", items=_DIRS),
        defaultEventList=field("Default of the roles' eventList.", items=_EVENTS),
        capabilities=field("Linux capabilities added to the app container.", items={"minLength": 1}),
        systemdRequired=field("The container runs systemd."),
        logoURL=field("Picture for user interfaces.", minLength=1, pattern=said.LOGO_URL),
        services=field("Services that roles may run."),
        roles=field("Kinds of members."),
        config=field("Which roles and services are active."),
        kdasync=field(),
    ),
    app.Label: shape("name", name=field("Short title.", minLength=1), description=field("Long text.")),
    app.SetupPackage: shape(
        "packageURL",
        packageURL=field("Where the package is; file:// is a path in the image.", pattern=said.PACKAGE_URL),
        useNewSetupLayout=field("Use the file system layout of v0.8 and later."),
    ),
    app.Service: shape(
        "id",
        preserve=True,
        id=field("Unique among the services; also a port name.", **_SERVICE_ID),
        label=field(nullable=True),
        endpoint=field("Absent: the service exposes nothing.", nullable=True),
        exported_service=field("Copied to configmeta."),
    ),
    app.Endpoint: shape(
        "port",
        port=field("TCP port.", minimum=1, maximum=65535),
        urlScheme=field("First part of the port's name in services; required of a dashboard.", **_SERVICE_ID),
        path=field("Path of the URL; informational."),
        isDashboard=field("A page for people; informational."),
        hasAuthToken=field("Make a token for each member."),
    ),
    app.Role: shape(
        "id",
        "cardinality",
        id=field("Unique among the roles.", **_ROLE_ID),
        cardinality=field("N is exactly N members, N+ is N or more.", pattern=said.CARDINALITY),
        imageRepoTag=field("Image of the role.", minLength=1),
        configPackage=field("Setup package of the role; null: none.", nullable=True),
        persistDirs=field("Directories kept on the volume, if the cluster's role asks for storage.", items=_DIRS),
        eventList=field("Events told to the start script; absent: all.", items=_EVENTS),
        containerSpec=field(nullable=True),
        minResources=field("Lower bounds of the requests.", nullable=True, schema=_MINIMA),
        minStorage=field(nullable=True),
        maxLogSizeDump=field("Characters of a failed script's output that go to the member's status.", minimum=0),
    ),
    app.ContainerSpec: shape(stdin=field("Keep stdin open."), tty=field("Give it a terminal; needs stdin.")),
    app.MinStorage: shape(
        "size",
        size=field("Smallest volume.", pattern=said.QUANTITY),
        ephemeralModeSupported=field("The role also works without a volume."),
    ),
    app.Config: shape(
        "selectedRoles",
        "roleServices",
        selectedRoles=field("Roles that a cluster must have, if their cardinality is not zero.", items={"minLength": 1}),
        roleServices=field("Services of each role."),
        configMeta=field("Free keys and values, published in configmeta.", nullable=True),
    ),
    app.RoleServices: shape(
        "roleID", "serviceIDs", roleID=field("A role.", **_ROLE_ID), serviceIDs=field("Its services.", items=_SERVICE_ID)
    ),
    app.AppPolicy: shape(roles=field("Policies of roles.")),
    app.RolePolicy: shape(
        "id",
        id=field("Role it applies to.", minLength=1),
        command=field("Replaces the image's entrypoint in the app container."),
        configureSeconds=field("Longest time that `startscript --configure` may take.", **_SECONDS),
        notifySeconds=field("Longest time that one notification may take.", **_SECONDS),
        drainSeconds=field("Longest time to wait for peers before a leaving member goes.", **_SECONDS),
        initSeconds=field("Longest time of the init container without progress.", **_SECONDS),
        retries=field("Automatic retries of a failed setup.", minimum=0),
        retrySeconds=field("Delay before the first retry, doubled for each further one.", **_SECONDS),
        onRestart=field("`skip`: a member with storage is not set up again.", enum=["skip", "configure"]),
        claims=field("What happens to the claims of a member that the user shrank away.", enum=["delete", "retain"]),
        executor=field("Who runs a notification: every configured peer, or one.", enum=["all", "one"]),
        terminationGraceSeconds=field("terminationGracePeriodSeconds of the pods.", minimum=0),
    ),
}
