"""The command line, the prompt and the entry of the Python API.

Every command is an object with `run(words) -> value`; its result is printed by `text`. Exit status: 0, or 1 for an unknown key or a
wrong command line, or 2 for a macro without an option. Options that need BlueData's agent print a message and succeed.
"""

import cmd
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from .document import Document, settings
from .errors import ConfigCLIError, UsageError
from .log import logger
from .macro import Macro
from .namespace import Namespace

VERSION = "1.0"
BASE_IMAGE = "/etc/guestconfig/base_img_version"
AGENT = (
    "--wait",
    "--tokenwait",
    "--tokenwake",
    "--fqdn",
    "--service_key",
    "--systemctl",
    "--systemv",
    "--unregister_srvc",
    "--cp",
    "--execute",
    "-t",
)
USAGE = "usage: {} [--get KEY | --get_local_group_fqdns | --get_nodegroup_fqdns N | --get_all_fqdns | --version | COMMAND ...]"


def text(value: Any) -> str:
    """How a value is printed: lists joined by commas, booleans in lower case, nothing for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            value = list(value[0])
        return ",".join(text(item) for item in value)
    return "" if value is None else str(value)


class ConfigCLI_Command:
    """Base of further commands: subclasses that are imported before `ConfigCli` is made are added under their `name`."""

    name = ""

    def __init__(self, cli: "ConfigCli") -> None:
        self.cli = cli

    def run(self, words: List[str]) -> Any:
        """Answer; the result is printed."""
        raise NotImplementedError


class Version:
    """The commands `ccli` and `baseimg`: `version`."""

    def __init__(self, name: str, version: str) -> None:
        self._name = name
        self._version = version

    def run(self, words: List[str]) -> str:
        """`NAME version`."""
        if words not in ([], ["version"]):
            raise UsageError(f"usage: {self._name} version")
        return self._version


def _base_image() -> str:
    try:
        with Path(BASE_IMAGE).open(encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return ""


class ConfigCli(cmd.Cmd):
    """All commands over one configmeta.json, read once. `shell`: print errors instead of raising them."""

    prompt = "ccli> "

    def __init__(self, shell: bool = False) -> None:
        cmd.Cmd.__init__(self)
        self.shell = shell
        paths = settings()
        self.log = logger(paths["logdir"])
        document = Document.load(paths)
        self._commands: Dict[str, Any] = {
            "namespace": Namespace(document),
            "macro": Macro(document),
            "ccli": Version("ccli", VERSION),
            "baseimg": Version("baseimg", _base_image()),
        }
        for kind in ConfigCLI_Command.__subclasses__():
            self._commands[kind.name] = kind(self)

    def getCommandObject(self, name: str) -> Optional[Any]:
        """The command of that name, or None."""
        return self._commands.get(name)

    def process_result(self, value: Any) -> None:
        """Print a value."""
        print(text(value))

    def run(self, words: List[str]) -> Any:
        """The value that a command line asks for. Raises ConfigCLIError."""
        if any(word.partition("=")[0] in AGENT for word in words):
            return f"*** Unknown syntax: {' '.join(words)}\n"
        name, sign, value = words[0].partition("=")
        rest = ([value] if sign else []) + words[1:]
        if name.startswith("-"):
            return self._option(name, rest)
        if name not in self._commands:
            raise UsageError(USAGE.format("configcli"))
        return self._commands[name].run(rest)

    def _option(self, name: str, rest: List[str]) -> Any:
        if name in ("--get", "-g") and len(rest) == 1:
            return self._commands["namespace"].getValue(rest[0])
        if name == "--tenant_info_lookup" and len(rest) == 1:
            return self._commands["namespace"].getValue("tenant." + rest[0])
        if name in ("--version", "-v") and not rest:
            return VERSION
        if name == "--baseimg_version" and not rest:
            return self._commands["baseimg"].run([])
        if name in ("--get_local_group_fqdns", "--get_nodegroup_fqdns", "--get_all_fqdns"):
            return self._commands["macro"].run(["nodegroup", name, *rest])
        raise UsageError(USAGE.format("configcli"))

    def onecmd(self, line: str) -> bool:
        """Run one line of the prompt and print its result; true ends the prompt. Raises ConfigCLIError unless `shell`."""
        words = shlex.split(line)
        if words in (["exit"], ["EOF"]):
            return True
        if words and words[0] in ("help", "?"):
            print(f"Commands: {', '.join(self._commands)}, exit, help")
        elif words:
            self._answer(words)
        return False

    def _answer(self, words: List[str]) -> None:
        try:
            self.process_result(self.run(words))
        except ConfigCLIError as error:
            if not self.shell:
                raise
            print(error, file=sys.stderr)


def main(program: str, words: List[str]) -> int:
    """Run one command line, or the prompt without words; the exit status."""
    if program == "configmacro":
        words = ["macro", *words]
    try:
        cli = ConfigCli(shell=not words)
        cli.log.debug("%s %s", program, words)
        if words in (["-h"], ["--help"]):
            print(USAGE.format(program))
        elif words:
            cli.process_result(cli.run(words))
        else:
            cli.cmdloop()
    except ConfigCLIError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return error.status if isinstance(error, UsageError) else 1
    return 0
