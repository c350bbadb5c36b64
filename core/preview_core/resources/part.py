"""What the parts of a custom resource have in common: their base, their metadata, their rules."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from preview_core.resources.timestamp import Timestamp

# A name that is a label value too, so that objects can be selected by it.
LABEL_LENGTH = 63
LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
Label = Annotated[str, Field(min_length=1, max_length=LABEL_LENGTH, pattern=LABEL_PATTERN)]
# Hex SHA-256 of what pods are made from, cut: it stands in labels, and 64 bits tell the revisions of one runtime apart.
RuntimeRevision = Annotated[str, Field(min_length=16, max_length=16, pattern=r"^[0-9a-f]{16}$")]

Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Base of all parts: camelCase outside, values inside.

    Unknown fields are dropped, not refused: during an upgrade an older replica reads objects of a newer schema.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    def manifest(self) -> dict[str, Any]:
        """The object to send. What is unset is left out: a null would be refused, or delete in a merge patch."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Metadata(Part):
    """What is read of an object's metadata; writers send what they mean. Kubernetes has its own schema for it."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Timestamp | None = None
    deletion_timestamp: Timestamp | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """CEL rules `(expression, message)` of a field or, in `json_schema_extra`, of a model.

    API servers before 1.25 drop them without a word. So nothing may rest on a rule alone: each repeats what a reader of
    the object decides for itself, and only tells the writer sooner.
    """
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in pairs]}


IMMUTABLE = rules(("self == oldSelf", "cannot be changed"))
ATOMIC: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}
