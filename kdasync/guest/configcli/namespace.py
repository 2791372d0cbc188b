"""The `namespace` command: values of configmeta.json by key."""

from typing import Any, List, Union

from .document import Document
from .errors import KeyError, UsageError

NAMESPACES = ("node", "version", "cluster", "distros", "services", "tenant", "auth", "platform", "connections")
EXTRA = ("namespaces", "nodegroups")  # older helpers and scripts know them


class Namespace:
    """Look-ups."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def getValue(self, key: str) -> Any:
        """The value at a dotted key. Raises KeyError."""
        return self.getWithTokens(key.split("."))

    def getWithTokens(self, tokens: List[str]) -> Any:
        """The value at a list of tokens, which may contain dots; an object as the list of its keys. Raises KeyError."""
        if tokens == ["namespaces"]:
            return list(NAMESPACES)
        if not tokens or tokens[0] not in NAMESPACES + EXTRA:
            raise KeyError(".".join(tokens))
        return self.document.get(list(tokens))

    def searchForToken(self, start: Union[str, List[str]], token: str) -> List[List[str]]:
        """Token lists below `start` that end in `token`."""
        return self.document.search(start.split(".") if isinstance(start, str) else list(start), token)

    def run(self, words: List[str]) -> Any:
        """`namespace NS [KEY]`."""
        if len(words) not in (1, 2):
            raise UsageError("usage: namespace NAMESPACE [KEY]")
        return self.getValue(".".join(words))
