"""What the custom resources are called: one place, because the chart's Roles, the watches and the CRDs must agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUP = "preview.coinnation.io"
VERSION = "v1alpha1"
API_VERSION: Final = "preview.coinnation.io/v1alpha1"  # spelled out: models name it as a literal type
CATEGORY = "previews"  # `kubectl get previews` lists every kind of the group


@dataclass(frozen=True)
class Names:
    """One kind, in the spellings that Kubernetes needs."""

    kind: str
    singular: str
    plural: str
    short: str

    @property
    def crd(self) -> str:
        """Name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


SESSION = Names(kind="PreviewSession", singular="previewsession", plural="previewsessions", short="pvs")
RUNTIME = Names(kind="PreviewRuntime", singular="previewruntime", plural="previewruntimes", short="pvr")
