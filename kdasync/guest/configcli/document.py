"""configmeta.json as a tree that follows its own references.

Guarantees: reading never fails; a file that is missing or no JSON is an empty tree, in which every look-up raises KeyError.
Differences from KubeDirector's helper: two or more tokens below a missing key are an error too (it listed keys).
"""

import configparser
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

from .errors import ConfigCLIError, KeyError

REFERENCE = "bdvlibrefkey"
CONF = "/etc/guestconfig/configcli.conf"
DEFAULTS = {
    "logdir": "/var/log/guestconfig/configcli",
    "configmeta": "/etc/guestconfig/configmeta.json",
    "privmeta": "/etc/guestconfig/.priv_configmeta.json",
    "platforminfo": "/etc/guestconfig/.platform.json",
}
_STEPS = 64  # references in one look-up: more are a circle


def settings() -> Dict[str, str]:
    """Paths: the defaults, overridden by section `configcli` of configcli.conf (or of $CONFIGCLI_CONF)."""
    parser = configparser.ConfigParser(defaults=DEFAULTS, interpolation=None)
    try:
        parser.read(os.environ.get("CONFIGCLI_CONF", CONF))
    except configparser.Error as error:
        raise ConfigCLIError(f"configcli.conf: {error}") from error
    return dict(parser["configcli"] if parser.has_section("configcli") else parser.defaults())


def _read(path: str) -> Dict[str, Any]:
    try:
        with Path(path).open(encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class Document:
    """The tree."""

    def __init__(self, root: Dict[str, Any]) -> None:
        self.root = root

    @classmethod
    def load(cls, paths: Dict[str, str]) -> "Document":
        """From the files that `settings` names, later ones on top."""
        root: Dict[str, Any] = {}
        for name in ("configmeta", "privmeta", "platforminfo"):
            root.update(_read(paths[name]))
        return cls(root)

    def find(self, tokens: List[str]) -> Any:
        """The value at a path.

        Raises:
            KeyError: there is none.
        """
        value: Any = self.root
        rest, steps = list(tokens), 0
        while True:
            value = _merged(value)
            if _is_reference(value) and not (rest and rest[0] in value):
                steps += 1
                value, rest = self.root, list(value[REFERENCE]) + rest
            elif not rest:
                return value
            elif isinstance(value, dict) and rest[0] in value:
                value = value[rest.pop(0)]
            else:
                raise KeyError(".".join(tokens))
            if steps > _STEPS:
                raise KeyError(".".join(tokens))

    def get(self, tokens: List[str]) -> Any:
        """As `find`, an object as the list of its keys.

        Raises:
            KeyError: there is none.
            ConfigCLIError: it is a number with a fraction.
        """
        value = self.find(tokens)
        if isinstance(value, float):
            raise ConfigCLIError(f"{'.'.join(tokens)} is no value that can be shown")
        return list(value) if isinstance(value, dict) else value

    def search(self, start: List[str], token: str) -> List[List[str]]:
        """Paths below `start` that end in `token`, nearest first, references followed once."""
        found: List[List[str]] = []
        queue: List[Tuple[List[str], Tuple[int, ...]]] = [(list(start), ())]
        while queue:
            path, above = queue.pop(0)
            value = self._find_or_none(path)
            if not isinstance(value, dict) or id(value) in above:
                continue
            for key in value:
                if key == token:
                    found.append([*path, key])
                queue.append(([*path, key], (*above, id(value))))
        return found

    def _find_or_none(self, path: List[str]) -> Any:
        try:
            return self.find(path)
        except KeyError:
            return None


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and REFERENCE in value


def _merged(value: Any) -> Any:
    """A list of objects (the ConfigMaps of one type) as one object, later entries win."""
    if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
        return value
    merged: Dict[str, Any] = {}
    for item in value:
        merged.update(item)
    return merged
