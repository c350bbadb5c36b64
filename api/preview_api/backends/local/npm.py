"""What a session's installations take of the user's npm configuration: where packages are, and the way there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PREFIX = "npm_config_"
USER_CONFIG = "npm_config_userconfig"
# Lower case; npm reads its variables in any.
SETTINGS = frozenset(
    {"registry", "userconfig", "globalconfig", "ca", "cafile", "strict_ssl", "proxy", "https_proxy", "noproxy"}
)
# `//host/:_authToken` and `@scope:registry`.
PER_HOST = ("//", "@")
NETWORK = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
CERTIFICATES = frozenset({"node_extra_ca_certs", "ssl_cert_file", "ssl_cert_dir"})


def npm_configuration(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Environment variables. What an installation does, as against where from, is the runtime's alone."""
    taken = {name: value for name, value in environment.items() if _is_taken(name.lower())}
    # The child's home is the session's folder, where no configuration of the user's is found.
    return {USER_CONFIG: str(home / ".npmrc"), **taken}


def _is_taken(name: str) -> bool:
    if name.startswith(PREFIX):
        setting = name.removeprefix(PREFIX)
        return setting in SETTINGS or setting.startswith(PER_HOST)
    return name in NETWORK or name in CERTIFICATES
