"""What can go wrong while answering."""


class ConfigCLIError(Exception):
    """Root of the helper's errors."""


class KeyError(ConfigCLIError):
    """No such key in configmeta.json (not the builtin of that name)."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no such key: {key}")
        self.key = key


class UsageError(ConfigCLIError):
    """The command line cannot be understood; `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
