"""The product on a cluster, as the browser tests see it."""

from __future__ import annotations

from e2e.cluster.installed import ORIGINS, Installed


class ClusterTarget:
    """Through the ingress controller only."""

    cold = True
    # Where the pods of the API and of sessions keep what they have.
    folders = ("/session", "/catalogue", "/app/")

    def __init__(self, installed: Installed) -> None:
        self.installed = installed

    @property
    def url(self) -> str:
        """For browsers, which lead names below `localhost` to this machine."""
        return self.installed.api.url

    @property
    def base_url(self) -> str:
        """For clients that do not."""
        return f"http://127.0.0.1:{self.installed.port}"

    @property
    def host(self) -> str:
        return self.installed.api.host

    @property
    def site_port(self) -> int:
        """Of the one origin that the chart allows."""
        return int(ORIGINS[0].rpartition(":")[2])
