"""Every rule once: its word, where it lives and why. `docs/rules.md` is made from here, and a test holds the code to it.

Some rules are also expressions of the CRDs (`expressions.py`), so that they hold with the operator down.
"""

from __future__ import annotations

from kdasync.admission import expressions as cel
from kdasync.admission.rule import Home, Rule

_APP, _CLUSTER, _CONFIG = ("app",), ("cluster",), ("config",)
_ALL = ("app", "cluster", "config")
_RESOURCES = "spec.roles[].resources"

SHAPE = (
    Rule(
        id="WrongType",
        kinds=_ALL,
        field="any",
        about="Types, patterns, bounds and required keys are those of the CRD.",
        home=Home.SCHEMA,
        why="Generated from the wire types and their tables; what passes the schema and cannot be read is refused by the webhook.",
        hole="F23, F26",
    ),
    Rule(id="OutOfRange", kinds=("app", "cluster"), field="numbers", about="Numbers fit into 32 bits.", hole="F16"),
)
APP = (
    Rule(
        id="Duplicate",
        kinds=("app", "cluster"),
        field="spec.roles, spec.services, spec.config",
        about="An id is given once.",
        cel=cel.DUPLICATE,
    ),
    Rule(
        id="UnknownReference",
        kinds=_APP,
        field="spec.config",
        about="Roles and services that are referred to are defined.",
        cel=cel.UNKNOWN_REFERENCE,
    ),
    Rule(
        id="NoImage",
        kinds=_APP,
        field="spec.roles[].imageRepoTag",
        about="A role has an image, or the app a default.",
        why="The default is folded into the roles before it is checked.",
    ),
    Rule(
        id="TerminalWithoutInput",
        kinds=_APP,
        field="spec.roles[].containerSpec.tty",
        about="A terminal needs stdin.",
        cel=cel.TERMINAL,
    ),
    Rule(
        id="NoScheme",
        kinds=_APP,
        field="spec.services[].endpoint.urlScheme",
        about="A dashboard has a URL scheme.",
        cel=cel.SCHEME,
    ),
    Rule(id="InvalidCardinality", kinds=_APP, field="spec.roles[].cardinality", about="`N`, or `N+`."),
    Rule(
        id="InvalidDirectory",
        kinds=_APP,
        field="spec.roles[].persistDirs",
        about="The root directory is not kept.",
    ),
    Rule(id="InvalidSize", kinds=("app", "cluster"), field="sizes", about="A size is a quantity above zero.", hole="F23"),
    Rule(
        id="AppInUse",
        kinds=_APP,
        field="spec, metadata.name",
        about="An app that clusters use is neither changed nor deleted.",
        why="It looks at the clusters themselves, on every replica and for each object of a collection.",
        hole="F5, F5b, F5c, F11",
    ),
)
CLUSTER = (
    Rule(id="NameTooLong", kinds=_CLUSTER, field="metadata.name", about="A cluster's name fits a label.", hole="F21", cel=cel.NAME),
    Rule(
        id="AppNotFound",
        kinds=_CLUSTER,
        field="spec.app",
        about="The app exists, in the cluster's or the system's catalog.",
        hole="F28",
    ),
    Rule(id="UnknownRole", kinds=_CLUSTER, field="spec.roles[].id", about="A role is one of the app's."),
    Rule(id="MissingRole", kinds=_CLUSTER, field="spec.roles", about="Selected roles with a minimum above zero are there."),
    Rule(id="CardinalityBroken", kinds=_CLUSTER, field="spec.roles[].members", about="Members are as many as the app allows."),
    Rule(
        id="TooManyMembers",
        kinds=_CLUSTER,
        field="spec.roles",
        about="At most 1,000 members.",
        hole="F15, F16",
        cel=cel.TOO_MANY,
    ),
    Rule(id="InvalidQuantity", kinds=_CLUSTER, field=_RESOURCES, about="Amounts are quantities.", hole="F23"),
    Rule(
        id="RequestAboveLimit", kinds=_CLUSTER, field=_RESOURCES, about="No request above its limit: Kubernetes refuses the pods."
    ),
    Rule(
        id="BelowMinimum",
        kinds=_CLUSTER,
        field=f"{_RESOURCES}, spec.roles[].storage",
        about="At least what the app asks for, exactly; an absent request is its limit.",
        hole="F14",
    ),
    Rule(id="TooManyDevices", kinds=_CLUSTER, field="spec.roles[].blockStorage.numDevices", about="At most 100 raw devices."),
    Rule(id="InvalidLabel", kinds=("cluster", "config"), field="labels and annotations", about="Kubernetes' own syntax and sizes."),
    Rule(
        id="ReservedKey",
        kinds=("cluster", "config"),
        field="podLabels, serviceLabels",
        about="The labels that selectors go by are the operator's.",
        hole="F8",
    ),
    Rule(
        id="InvalidPort", kinds=_CLUSTER, field="spec.roles[].id", about="The role's services name ports, each its own.", hole="F22"
    ),
    Rule(
        id="MountClash",
        kinds=_CLUSTER,
        field="spec.roles[]",
        about="No path is mounted twice, persisted directories included.",
        hole="F18",
    ),
    Rule(
        id="NoStorageClass",
        kinds=("cluster", "config"),
        field="storageClassName",
        about="The StorageClass exists; without a name there is a default.",
    ),
    Rule(
        id="NotFound",
        kinds=_CLUSTER,
        field="serviceAccountName, secret, defaultSecret, volumeProjections",
        about="What members cannot start without exists.",
        hole="F15, F25",
    ),
    Rule(
        id="NotPermitted",
        kinds=_CLUSTER,
        field="serviceAccountName, secret, defaultSecret, volumeProjections, connections",
        about="Whoever writes the cluster may themselves use what it names; only a plain yes counts.",
        hole="F6, F7",
    ),
    Rule(
        id="SecretPrefix",
        kinds=_CLUSTER,
        field="secret, defaultSecret, connections.secrets",
        about="Secrets have the required prefix.",
        hole="F7, F25",
    ),
    Rule(
        id="ClaimMode",
        kinds=_CLUSTER,
        field="spec.roles[].volumeProjections[].pvcName",
        about="A projected claim is a file system.",
    ),
    Rule(
        id="ClaimNotShared",
        kinds=_CLUSTER,
        field="spec.roles[].volumeProjections",
        about="A claim that cannot be shared has one member at most.",
        hole="F17, F18",
    ),
    Rule(
        id="SharedMemoryOff",
        kinds=_CLUSTER,
        field="spec.roles[].sharedMemory",
        about="Sizes of shared memory are not switched off.",
    ),
    Rule(
        id="InvalidUrl",
        kinds=_CLUSTER,
        field="spec.roles[].fileInjections[].srcURL",
        about="An http or https URL with a host; nobody but the member fetches it.",
        hole="F9e, F19",
    ),
    Rule(
        id="NoMasterKey",
        kinds=_CLUSTER,
        field="spec.roles[].secretKeys",
        about="There is a key to encrypt with.",
        why="Refused while defaults are filled in: clear text must not get further.",
        hole="F30",
    ),
    Rule(
        id="SecretKeyPlaced",
        kinds=_CLUSTER,
        field="spec.roles[].secretKeys[].encryptedValue",
        about="Ciphertext is never put in by hand.",
    ),
    Rule(
        id="SecretKeyClear", kinds=_CLUSTER, field="spec.roles[].secretKeys[].value", about="Clear text is never stored.", hole="F9"
    ),
    Rule(
        id="Immutable",
        kinds=_CLUSTER,
        field="spec.app, spec.appCatalog",
        about="A cluster keeps its app and its catalog.",
        hole="F10",
        cel=cel.IMMUTABLE,
    ),
    Rule(
        id="RoleInUse",
        kinds=_CLUSTER,
        field="spec.roles[]",
        about="Properties of a role that has members stay, but for their number.",
        why="To compare whole roles is dearer than the API server allows an expression to be.",
        hole="F10, F12b",
    ),
    Rule(id="RoleLeaving", kinds=_CLUSTER, field="spec.roles[]", about="A role is not added again while its members go."),
    Rule(id="Restoring", kinds=_CLUSTER, field="spec", about="The spec stays while the cluster is restored.", hole="F27"),
    Rule(
        id="RestoreMark",
        kinds=_CLUSTER,
        field="metadata.labels",
        about="Only the operator marks a live cluster as restored.",
        hole="F9c",
    ),
)
CONFIG = (
    Rule(
        id="WrongNamespace",
        kinds=_CONFIG,
        field="metadata.namespace",
        about="The config is in the operator's namespace.",
        why="The CRD fixes its name; the namespace is known to the operator only.",
    ),
    Rule(id="ConfigInUse", kinds=_CONFIG, field="metadata.name", about="It stays while clusters exist.", hole="F5"),
    Rule(id="InvalidMasterKey", kinds=_CONFIG, field="spec.masterEncryptionKey", about="32, 48 or 64 hex digits."),
    Rule(
        id="MasterKeyFixed", kinds=_CONFIG, field="spec.masterEncryptionKey", about="It stays while clusters exist.", hole="F5, F29"
    ),
)


def _advice(word: str, kind: str, field: str, about: str, hole: str = "") -> Rule:
    return Rule(id=word, kinds=(kind,), field=field, about=about, home=Home.WARNING, hole=hole)


WARNINGS = (
    _advice("ImageWithoutTag", "app", "spec.roles[].imageRepoTag", "An image has a fixed tag."),
    _advice("PlainHttp", "app", "spec.roles[].configPackage.packageURL", "A package does not come by plain http."),
    _advice("RoleWithoutService", "app", "spec.roles[].id", "A role has a service."),
    _advice("RoleNotSelected", "app", "spec.roles[].id", "A role is in config.selectedRoles."),
    _advice("UnusedService", "app", "spec.services[].id", "A service is used by a role."),
    _advice("StatusIgnored", "cluster", "status", "A new object has no status.", "F4"),
    _advice("SelfConnection", "cluster", "spec.connections.clusters[]", "A cluster is not connected to itself.", "F20"),
    _advice("ConnectionMissing", "cluster", "spec.connections, blockStorage", "What is named exists.", "F20"),
    _advice("ConnectionCircle", "cluster", "spec.connections.clusters", "Clusters are not connected in a circle.", "F20"),
    _advice("DecimalMode", "cluster", "spec.roles[].fileInjections[].permissions.fileMode", "A mode is the number that was meant."),
    _advice("NamingMixed", "cluster", "spec.namingScheme", "Names do not change in the middle of a life.", "F12"),
    _advice("SecretDeferred", "cluster", "spec.roles[].secret", "A new defaultSecret reaches the roles that have members.", "F10"),
)
POLICIES = (
    Rule(
        id="StatusFence",
        kinds=("cluster", "config"),
        field="status",
        about="Only the operator writes a status.",
        home=Home.POLICY,
        why="Status writes do not pass the webhook; who may do it is a question of identity.",
        hole="F1",
    ),
    Rule(
        id="BackupFence",
        kinds=("backup",),
        field="all",
        about="Only the operator, and who may `restore` them, writes status backups.",
        home=Home.POLICY,
        hole="F9",
    ),
    Rule(
        id="RestoreGuard",
        kinds=_CLUSTER,
        field="metadata.labels",
        about="A cluster that is being restored is deleted only with the label allow-delete-while-restoring.",
        home=Home.POLICY,
        why="Deletes of clusters never wait for the operator.",
    ),
    Rule(
        id="ExecFence",
        kinds=("pod",),
        field="exec",
        about="The operator executes in the container `app` only, never on a terminal, never by attach or port-forward.",
        home=Home.POLICY,
        why="RBAC cannot say which container; the API server can.",
    ),
)
RULES = (*SHAPE, *APP, *CLUSTER, *CONFIG, *WARNINGS, *POLICIES)
