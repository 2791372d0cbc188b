"""The `macro` command: questions about nodes and node groups that need more than one look-up."""

import re
from typing import Any, Callable, Dict, List, Optional

from .document import Document
from .errors import ConfigCLIError, UsageError

_DIGITS = re.compile(r"\d+$")
_USAGE = 2  # exit status of a macro without an option


def _number(identity: str) -> int:
    digits = _DIGITS.search(identity)
    return int(digits.group()) if digits else 0


class Options:
    """A command whose first word is an option from `table`: name -> (number of values, function)."""

    title = ""

    def table(self) -> Dict[str, Any]:
        """The options."""
        raise NotImplementedError

    def run(self, words: List[str]) -> Any:
        """Answer one option with its values."""
        if not words:
            raise UsageError(self.usage(), _USAGE)
        name, sign, value = words[0].partition("=")
        values = ([value] if sign else []) + words[1:]
        count, answer = self.table().get(name, (-1, None))
        if count != len(values):
            raise UsageError(self.usage())
        return answer(*values)

    def usage(self) -> str:
        """One line."""
        options = (name + " VALUE" * count for name, (count, _) in self.table().items())
        return f"usage: macro {self.title} {' | '.join(options)}"


class Node(Options):
    """Questions about single nodes."""

    title = "node"

    def __init__(self, document: Document) -> None:
        self._document = document

    def table(self) -> Dict[str, Any]:
        """The options."""
        return {
            "--get_self_id": (0, self.getNodeIdSelf),
            "--get_id": (1, self.getNodeIdFromFqdn),
            "--get_self_index": (0, self.getNodeIndexSelf),
            "--get_index": (1, self.getNodeIndexFromFqdn),
        }

    def _ids(self) -> Dict[str, str]:
        """FQDN -> node id, over all node groups and roles."""
        groups = self._document.find(["nodegroups"])
        roles = [role for group in groups.values() for role in group["roles"].values()]
        return {name: identity for role in roles for name, identity in role["fqdn_mappings"].items()}

    def getNodeIdSelf(self) -> str:
        """This node's id."""
        return str(self._document.get(["node", "id"]))

    def getNodeIdFromFqdn(self, fqdn: str) -> str:
        """The id of the node of that name. Raises ConfigCLIError."""
        ids = self._ids()
        if fqdn not in ids:
            raise ConfigCLIError(f"no node has the FQDN {fqdn}")
        return ids[fqdn]

    def _index(self, identity: str) -> str:
        return str(sorted(set(self._ids().values()), key=_number).index(identity))

    def getNodeIndexSelf(self) -> str:
        """This node's position among all node ids, sorted by number."""
        return self._index(self.getNodeIdSelf())

    def getNodeIndexFromFqdn(self, fqdn: str) -> str:
        """The position of the node of that name. Raises ConfigCLIError."""
        return self._index(self.getNodeIdFromFqdn(fqdn))


class Nodegroup(Options):
    """Questions about node groups; KubeDirector has one, `1`."""

    title = "nodegroup"

    def __init__(self, document: Document) -> None:
        self._document = document

    def table(self) -> Dict[str, Any]:
        """The options."""
        return {
            "--get_local_group_fqdns": (0, self.getLocalGroupHosts),
            "--get_nodegroup_fqdns": (1, self.getNodegroupFqdns),
            "--get_all_fqdns": (0, self.getClusterFqdns),
            "--num_nodegroups": (0, self.getNumNodegroups),
        }

    def getLocalGroupHosts(self) -> List[str]:
        """FQDNs of the own group, roles in file order."""
        return self.getNodegroupFqdns(str(self._document.get(["node", "nodegroup_id"])))

    def getNodegroupFqdns(self, group: str) -> List[str]:
        """FQDNs of one group. Raises KeyError."""
        roles = self._document.find(["nodegroups", str(group), "roles"])
        return list(dict.fromkeys(name for role in roles.values() for name in role["fqdns"]))

    def getClusterFqdns(self) -> List[str]:
        """FQDNs of all groups."""
        groups = self._document.get(["nodegroups"])
        return list(dict.fromkeys(name for group in groups for name in self.getNodegroupFqdns(group)))

    def getNumNodegroups(self) -> int:
        """How many groups there are."""
        return len(self._document.get(["nodegroups"]))


class Macro:
    """The command."""

    def __init__(self, document: Document) -> None:
        self._kinds: Dict[str, Callable[[Document], Options]] = {"node": Node, "nodegroup": Nodegroup}
        self._document = document

    def getSubcommandObject(self, name: str) -> Optional[Options]:
        """`node` or `nodegroup`, None for any other name."""
        kind = self._kinds.get(name)
        return kind(self._document) if kind else None

    def run(self, words: List[str]) -> Any:
        """`macro node|nodegroup OPTION [VALUE]`."""
        command = self.getSubcommandObject(words[0]) if words else None
        if command is None:
            raise UsageError(f"usage: macro {'|'.join(self._kinds)}")
        return command.run(words[1:])
