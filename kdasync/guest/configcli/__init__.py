"""configcli, the helper of start scripts: reads /etc/guestconfig/configmeta.json.

Why: setup packages call `bd_vcli --get node.role_id` and the like, or import `ConfigCli`; both keep working. It needs nothing but
Python 3.6 or newer. Source: spec/kubedirector-runtime.md section 4.
"""

from .errors import ConfigCLIError, KeyError
from .program import ConfigCli, ConfigCLI_Command

__all__ = ["ConfigCLIError", "ConfigCLI_Command", "ConfigCli", "KeyError"]
