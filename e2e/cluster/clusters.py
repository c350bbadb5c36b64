"""What a cluster has to be able to do, and which kind of it this machine can have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from e2e.cluster import kind
from e2e.cluster.bare import Bare
from e2e.cluster.images import Images, Loadable
from e2e.cluster.kubectl import Kubectl


class Cluster(Protocol):
    """One per machine: who asks for it finds the one that runs."""

    @property
    def kubectl(self) -> Kubectl: ...

    @property
    def ingress_class(self) -> str: ...

    @property
    def proxy(self) -> str:
        """Addresses (CIDR) from which the ingress controller reaches pods."""
        ...

    def running(self) -> int | None:
        """The port of its ingress controller on 127.0.0.1; None if it does not run."""
        ...

    def up(self, port: int) -> Path:
        """Start what does not run. Answers the kubeconfig of an administrator."""
        ...

    def down(self) -> None:
        """Remove all of it. Nothing to remove is fine."""
        ...

    def images(self) -> Images:
        """The product's images, built from the checkout as far as it has changed."""
        ...

    def load(self, one: Loadable) -> None:
        """Make an image known to the nodes. One that is known already costs nothing."""
        ...


def choose(say: Callable[[str], None]) -> Cluster:
    """kind where a Docker daemon answers, else a node on this machine. KONTEXT_CLUSTER=kind|bare decides otherwise."""
    wanted = os.environ.get("KONTEXT_CLUSTER") or ("kind" if kind.possible() else "bare")
    if wanted not in ("kind", "bare"):
        raise ValueError(f"KONTEXT_CLUSTER is kind or bare, not {wanted}")
    return kind.Kind(say) if wanted == "kind" else Bare(say)
