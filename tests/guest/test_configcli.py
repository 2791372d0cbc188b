"""The helper under every Python that can be found: its stub, its command line, its API."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from kdasync.api.app import AppSpec, Config, Endpoint, Label, RoleServices, Service
from kdasync.guest.bundle import stage
from kdasync.guest.configmeta import (
    ClusterView,
    ConfigmetaInput,
    MemberView,
    Published,
    RoleView,
    for_member,
    render_shared,
)
from kdasync.guest.order import PackageFile

FOLDER = files("kdasync.guest").joinpath("configcli")


def _works(path: Path) -> bool:
    check = "import sys; sys.exit(not (3, 6) <= sys.version_info[:2] <= (3, 14))"
    return subprocess.run([path, "-c", check], capture_output=True, check=False).returncode == 0


def interpreters() -> list[str]:
    """One of each version: on the PATH, and in the usual folder of built versions."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted((Path.home() / ".pyenv/versions").glob("*/bin"))
    found = {f"python{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for folder in folders:
        for path in sorted(folder.glob("python3.*")) if folder.is_dir() else []:
            name = path.name
            if re.fullmatch(r"python3\.\d+", name) and name not in found and _works(path):
                found[name] = str(path)
    return [found[name] for name in sorted(found, key=lambda name: int(name.split(".")[1]))]


def app(name: str, services: list[Service], roles: list[RoleServices], meta: dict[str, str] | None = None) -> AppSpec:
    config = Config(selected_roles=[role.role_id for role in roles], role_services=roles, config_meta=meta)
    return AppSpec(label=Label(name), distro_id=name, version="1.0", config_schema_version=7, services=services, config=config)


def document() -> bytes:
    web = Service(id="ui", label=Label("Web UI"), endpoint=Endpoint(8080, "http", has_auth_token=True))
    main = ClusterView(
        name="demo",
        uid="u1",
        namespace="ns",
        service="kdhs-1",
        app=app("acme/demo", [web], [RoleServices(role_id="master", service_ids=["ui"])], {"tuning": "fast"}),
        roles=(
            RoleView(id="worker", members=tuple(MemberView(node_id=n, pod=f"w-{n}") for n in (2, 10)), memory="1Gi", cpu="500m"),
            RoleView(id="master", members=(MemberView(node_id=1, pod="m-0", auth_token=f"{'tok'}"),), secret_keys=(("db", "pw"),)),
        ),
    )
    other = ClusterView(
        name="store",
        uid="u2",
        namespace="ns",
        service="kdhs-2",
        app=app("store", [Service(id="db", endpoint=Endpoint(5432, "tcp"))], [RoleServices(role_id="master", service_ids=["db"])]),
        roles=(RoleView(id="master", members=(MemberView(node_id=1, pod="s-0"), MemberView(node_id=2, pod="s-1"))),),
    )
    maps = (Published(name="a", type="model", data={"path": "/a"}), Published(name="b", type="model", data={"path": "/b"}))
    return for_member(render_shared(ConfigmetaInput(cluster=main, clusters=(other,), configmaps=maps)), 1)


class Helper:
    """An installed helper, as a bundle carries it."""

    def __init__(self, root: Path, python: str, order: Any) -> None:
        self.root = root
        staged = {file.path: file for file in stage(order)}
        self._write("lib/kdasync", [file for path, file in staged.items() if path.startswith("configcli")])
        (root / "bin").mkdir()
        stub = root / "bin/configcli"
        stub.write_bytes(staged["stub"].data)
        stub.chmod(0o755)
        for alias in ("ccli", "configmacro", "bdvcli", "bd_vcli"):
            (root / "bin" / alias).symlink_to("configcli")
        (root / "programs").mkdir()
        (root / "programs/python").symlink_to(python)
        (root / "meta.json").write_bytes(document())
        conf = root / "configcli.conf"
        conf.write_text(f"[configcli]\nconfigmeta = {root}/meta.json\nlogdir = /proc/none\n")
        self.environment = {"PATH": f"{root}/programs", "CONFIGCLI_CONF": str(conf), "PYTHONDONTWRITEBYTECODE": "1"}

    def _write(self, folder: str, staged: list[PackageFile]) -> None:
        for file in staged:
            path = self.root / folder / file.path
            if file.directory:
                path.mkdir(parents=True)
            else:
                path.write_bytes(file.data)

    def run(self, program: str, *words: str, text: str = "") -> tuple[int, str, str]:
        command = [str(self.root / "bin" / program), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, input=text, check=False)
        return done.returncode, done.stdout, done.stderr

    def python(self, code: str) -> Any:
        command = [str(self.root / "programs/python"), "-W", "error", "-c", code]
        environment = {**self.environment, "PYTHONPATH": str(self.root / "lib/kdasync")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def _cases() -> list[Any]:
    """The oldest and the newest in `make test`, all in CI."""
    found = interpreters()
    return [pytest.param(path, marks=() if path in (found[0], found[-1]) else pytest.mark.slow) for path in found]


@pytest.fixture(params=_cases(), ids=lambda path: Path(path).name)
def helper(request: pytest.FixtureRequest, tmp_path: Path, setup: Any) -> Helper:
    return Helper(tmp_path, request.param, setup(configcli=True))


def test_the_command_line(helper: Helper) -> None:
    names = "w-2.kdhs-1.ns.svc.cluster.local,w-10.kdhs-1.ns.svc.cluster.local"
    master = "m-0.kdhs-1.ns.svc.cluster.local"
    unknown = "*** Unknown syntax: --wait x\n\n"
    for words, expected in {
        ("bd_vcli", "--get", "node.role_id"): "master\n",
        ("bdvcli", "-g", "cluster.name"): "demo\n",
        ("configcli", "--get", "node.depends_on"): "\n",
        ("configcli", "--get", "services.ui.1"): "master\n",
        ("configcli", "--get", "services.ui.1.master.fqdns"): f"{master}\n",
        ("configcli", "--get", "services.ui.1.master.authToken"): "tok\n",
        ("configcli", "--get", "distros.acme/demo.1.roles.worker.fqdns"): f"{names}\n",
        ("configcli", "--get", "distros.acme/demo.1.roles.worker.flavor.memory"): "1024\n",
        ("configcli", "--get", "distros.acme/demo.1.roles.master.secret_keys.db"): "pw\n",
        ("configcli", "--get", "cluster.isolated"): "false\n",
        ("configcli", "--get", "cluster.config_metadata.1.tuning"): "fast\n",
        ("configcli", "--get", "connections.configmaps.model.data.path"): "/b\n",
        ("configcli", "--get", "connections.clusters.store.services.db.1.master.fqdns"): (
            "s-0.kdhs-2.ns.svc.cluster.local,s-1.kdhs-2.ns.svc.cluster.local\n"
        ),
        ("configcli", "--get", "namespaces"): "node,version,cluster,distros,services,tenant,auth,platform,connections\n",
        ("configcli", "--get", "nodegroups"): "1\n",
        ("ccli", "namespace", "services", "ui.1"): "master\n",
        ("ccli", "--get_local_group_fqdns"): f"{master},{names}\n",
        ("ccli", "--get_nodegroup_fqdns", "1"): f"{master},{names}\n",
        ("ccli", "--get_all_fqdns"): f"{master},{names}\n",
        ("configmacro", "node", "--get_self_id"): "1\n",
        ("configmacro", "node", "--get_index", "w-10.kdhs-1.ns.svc.cluster.local"): "2\n",
        ("ccli", "macro", "nodegroup", "--num_nodegroups"): "1\n",
        ("ccli", "--version"): "1.0\n",
        ("ccli", "ccli", "version"): "1.0\n",
        ("ccli", "baseimg", "version"): "\n",
        ("ccli", "--wait", "x"): unknown,
        ("ccli", "--tokenwake", "T", "--success"): unknown.replace("--wait x", "--tokenwake T --success"),
    }.items():
        assert helper.run(*words) == (0, expected, ""), words


def test_errors_exit_with_the_documented_status(helper: Helper) -> None:
    for words, status in {
        ("configcli", "--get", "node.nothing"): 1,
        ("configcli", "--get", "node.role_id.deeper"): 1,
        ("configcli", "--get", "other.key"): 1,
        ("configcli", "--tenant_info"): 1,
        ("configcli", "--tenant_info_lookup", "name"): 1,
        ("configcli", "--get_nodegroup_fqdns", "2"): 1,
        ("configmacro", "node", "--get_id", "nobody"): 1,
        ("configmacro", "node"): 2,
        ("configcli", "what"): 1,
    }.items():
        code, out, err = helper.run(*words)
        assert (code, out) == (status, ""), words
        assert err, words


def test_the_prompt(helper: Helper) -> None:
    code, out, err = helper.run("ccli", text="namespace node role_id\n\nnonsense\nhelp\nexit\n")
    assert code == 0
    assert "master" in out
    assert "Commands:" in out
    assert "usage" in err


def test_the_python_api(helper: Helper) -> None:
    assert helper.python(
        """
import json
from configcli import ConfigCli, ConfigCLI_Command, KeyError as Missing
class Twice(ConfigCLI_Command):
    name = "twice"
    def run(self, words):
        return words * 2
cli = ConfigCli(shell=False)
space, macro = cli.getCommandObject("namespace"), cli.getCommandObject("macro")
try:
    space.getValue("node.x")
except Missing as error:
    missing = str(error)
print(json.dumps([
    space.getWithTokens(["cluster", "isolated"]),
    space.getValue("distros.acme/demo.1.roles.worker.node_ids"),
    space.searchForToken("services", "fqdns"),
    macro.getSubcommandObject("node").getNodeIdSelf(),
    macro.getSubcommandObject("nodegroup").getNumNodegroups(),
    macro.getSubcommandObject("other"),
    cli.getCommandObject("twice").run(["a"]),
    missing,
]))
"""
    ) == [False, ["2", "10"], [["services", "ui", "1", "master", "fqdns"]], "1", 1, None, ["a", "a"], "no such key: node.x"]


def test_a_guest_without_python_is_told_so(tmp_path: Path, setup: Any) -> None:
    helper = Helper(tmp_path, sys.executable, setup(configcli=True))
    (tmp_path / "programs/python").unlink()
    code, _, err = helper.run("bd_vcli", "--get", "node.role_id")
    assert code == 127
    assert "needs Python 3.6" in err


def test_without_a_document_every_key_is_unknown(tmp_path: Path, setup: Any) -> None:
    helper = Helper(tmp_path, sys.executable, setup(configcli=True))
    (tmp_path / "meta.json").write_text("{")
    assert helper.run("bd_vcli", "--get", "node.role_id")[0] == 1


@pytest.mark.parametrize("name", sorted(source.name for source in FOLDER.iterdir() if source.name.endswith(".py")))
def test_the_source_is_python_3_6(name: str) -> None:
    tree = ast.parse(FOLDER.joinpath(name).read_text(), feature_version=(3, 6))
    roots = {
        node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    roots |= {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert roots <= {"cmd", "configparser", "json", "logging", "os", "pathlib", "re", "shlex", "sys", "typing"}
