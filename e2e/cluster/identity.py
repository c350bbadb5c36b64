"""Who may talk to an API server: static tokens, one key for service accounts, and a kubeconfig per user."""

from __future__ import annotations

import json
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ADMIN = "admin"
CONTROLLER_MANAGER = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"
PROXY = "system:kube-proxy"
INGRESS = "ingress-controller"


@dataclass
class Identity:
    """Written into `folder`, which nobody else may read: the tokens are all that guards the cluster."""

    folder: Path
    server: str
    nodes: tuple[str, ...] = ()
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def token_file(self) -> Path:
        return self.folder / "tokens.csv"

    @property
    def key(self) -> Path:
        """Signs and checks the tokens of service accounts."""
        return self.folder / "service-accounts.key"

    @property
    def authority(self) -> Path:
        """Certificate that the API server makes for itself at its first start."""
        return self.folder / "apiserver.crt"

    def write(self) -> None:
        """Make what the API server reads when it starts; what is there already is kept."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.read():
            return
        command = ["openssl", "genrsa", "-out", str(self.key), "2048"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        groups = {ADMIN: "system:masters", **{f"system:node:{node}": "system:nodes" for node in self.nodes}}
        lines = []
        for user in (CONTROLLER_MANAGER, SCHEDULER, PROXY, INGRESS, *groups):
            self.tokens[user] = secrets.token_hex(16)
            group = f',"{groups[user]}"' if user in groups else ""
            lines.append(f"{self.tokens[user]},{user},{user}{group}\n")
        self.token_file.write_text("".join(lines))

    def read(self) -> bool:
        """Take what an earlier process wrote; False if there is nothing."""
        if not self.token_file.exists():
            return False
        for line in self.token_file.read_text().splitlines():
            token, user, *_ = line.split(",")
            self.tokens[user] = token
        return True

    def kubeconfig(self, user: str) -> Path:
        """A kubeconfig for `user`. JSON, which is YAML too."""
        path = self.folder / f"{user.rpartition(':')[2]}.kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": self.server, "certificate-authority": str(self.authority)}}
            ],
            "users": [{"name": "u", "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        path.write_text(json.dumps(config, indent=1))
        path.chmod(0o600)
        return path
