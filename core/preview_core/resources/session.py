"""PreviewSession: one preview of one caller, or a warm one that waits for a caller.

Who writes what: the API and the sweeper write the spec, the operator the status. Everything that was promised to a
caller stands in the spec, so a wiped status loses nothing (G6). Files are in neither: they live in ConfigMaps that the
session owns, whose index holds the acknowledged revision.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from preview_core.resources.conditions import Condition, Phase
from preview_core.resources.names import API_VERSION
from preview_core.resources.part import ATOMIC, IMMUTABLE, Label, Metadata, Part, RuntimeRevision, Sha256, rules
from preview_core.resources.timestamp import Timestamp
from preview_core.wire import Diagnostic

# Whole numbers that JSON readers in every language keep exact.
Revision = Annotated[int, Field(ge=0, le=2**53)]
OWNER_LENGTH = 512  # an origin of up to 253 characters and an address, or the subject of a token
URL_LENGTH = 400  # scheme, `preview-<id>.`, a domain of up to 253 characters, port, path


class RuntimeRef(Part):
    """The PreviewRuntime that this session runs on."""

    name: Label = Field(
        description="Name of a PreviewRuntime in the session's own namespace. If there is none, the session stays "
        "Accepted=False with reason RuntimeNotFound until there is one.",
    )


class EndReason(StrEnum):
    CLOSED = "Closed"
    EXPIRED = "Expired"


class Ended(Part):
    """That, when and why the session ended."""

    at: Timestamp = Field(description="When it ended. One hour later the object itself is deleted.")
    reason: EndReason = Field(
        description="Closed: the caller ended it. Expired: nobody used it for longer than was promised.",
    )


class SessionSpec(Part):
    """What is wanted and what was promised.

    Written by the API and by the sweeper, always under compare-and-set on metadata.resourceVersion. It holds neither
    files nor a pod template: files live in ConfigMaps owned by the session, and what a pod looks like is decided by
    the PreviewRuntime alone.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",
                "owner can be set once, and then neither changed nor removed",
            ),
            (
                "!has(oldSelf.claimedAt) || (has(self.claimedAt) && self.claimedAt == oldSelf.claimedAt)",
                "claimedAt can be set once, and then neither changed nor removed",
            ),
            (
                "!has(oldSelf.expiresAt) || (has(self.expiresAt) && self.expiresAt >= oldSelf.expiresAt)",
                "expiresAt is a promise: it can be raised, but neither lowered nor removed",
            ),
            (
                "!has(oldSelf.ended) || (has(self.ended) && self.ended == oldSelf.ended)",
                "an ended session stays ended; create a new one",
            ),
        )
    )

    runtime_ref: RuntimeRef = Field(
        description="The PreviewRuntime that decides image, resources, limits and times. Cannot be changed.",
        json_schema_extra=IMMUTABLE,
    )
    owner: Annotated[str, Field(min_length=1, max_length=OWNER_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = Field(
        default=None,
        description="Who holds the session and whose quota it counts against: the authenticated subject, else the "
        "page's origin and the client's address with a space between. Unset: a warm session that nobody owns yet. "
        "Setting it claims the session; it can be set once. It may be personal data and lives as long as the object.",
    )
    idempotency_key: Sha256 | None = Field(
        default=None,
        description="Hex SHA-256 of the key under which the session was created, the owner included. A create that "
        "comes with the same key while the session is live is given this session. Unset: creates are not deduplicated.",
    )
    claimed_at: Timestamp | None = Field(
        default=None,
        description="When the owner got the session: its beginning for callers, later than metadata.creationTimestamp "
        "if it was warm. Unset although there is an owner: metadata.creationTimestamp stands in.",
    )
    last_call_at: Timestamp | None = Field(
        default=None,
        description="When the owner last called the API. Recorded with an accuracy of one minute (or of half the "
        "runtime's suspendAfterSeconds), so that reading calls do not each cost a write. Page loads are not in it: see "
        "status.lastActivityAt.",
    )
    expires_at: Timestamp | None = Field(
        default=None,
        description="Promise to the owner: the session lives at least until then. Written before it is told, raised by "
        "activity, never lowered. Unset: it has not been told yet, and the session lives for the runtime's "
        "expireAfterSeconds after its last activity. Meaningless without an owner: warm sessions do not expire.",
    )
    suspended: bool = Field(
        default=False,
        description="true: no pod is wanted. Id, files, URL and routes stay, and the URL answers with a page that "
        "reloads itself. A navigation, a page that is shown again, or a call sets it to false. false: a pod is wanted.",
    )
    ended: Ended | None = Field(
        default=None,
        description="Set: the session is a tombstone. Its id answers 410 for an hour, its pod, files, Service and "
        "Ingress go within a minute, and it cannot be brought back. Unset: the session is live.",
    )


ERROR_LENGTH = 2048  # compilers print whole files; the place of the error and its first lines are enough to know it by
PATH_LENGTH = 1024  # as in `wire`
POSITION_MAX = 2**31 - 1


class LastError(Part):
    """The newest build error of the project. The preview keeps showing the last state that compiled."""

    message: Annotated[str, Field(min_length=1, max_length=ERROR_LENGTH)] = Field(
        description="What the compiler said, without paths outside the project. Cut after 2048 characters.",
    )
    path: Annotated[str, Field(min_length=1, max_length=PATH_LENGTH)] | None = Field(
        default=None, description="File that it is about, relative to the project's root."
    )
    line: Annotated[int, Field(ge=0, le=POSITION_MAX)] | None = Field(
        default=None, description="Line in that file, the first is 1."
    )
    column: Annotated[int, Field(ge=0, le=POSITION_MAX)] | None = Field(
        default=None, description="Column in that line, counted as the compiler counts, from 0 or from 1."
    )
    revision: Revision | None = Field(default=None, description="Revision of the files that has the error.")

    @classmethod
    def of(cls, diagnostic: Diagnostic, revision: int) -> LastError:
        """Of what a runtime reported: cut, or left out, where the schema would refuse the whole status for it."""
        path = diagnostic.path or None
        return cls(
            message=diagnostic.message[:ERROR_LENGTH] or "The build failed without a message.",
            path=path if path is not None and len(path) <= PATH_LENGTH else None,
            line=_position(diagnostic.line),
            column=_position(diagnostic.column),
            revision=revision,
        )


def _position(number: int | None) -> int | None:
    return number if number is not None and 0 <= number <= POSITION_MAX else None


class SessionStatus(Part):
    """What the operator saw last.

    Nothing here is a source of truth: if it is wiped, the next pass writes it again from the spec, the stored files
    and the pod. It may lag behind by one pass, usually less than a second.
    """

    phase: Phase | None = Field(
        default=None,
        description="One word for people, a function of the conditions; programs should read those. Pending: no pod "
        "yet. Starting: a pod, but no working page yet. Warm: works and waits for an owner. Ready: the preview works. "
        "Suspended: no pod on purpose. Failed: will not mend itself soon. Ended: a tombstone.",
    )
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = Field(
        default=(),
        description="True is good for every type. Accepted: the spec is valid and its runtime exists. PodAssigned: a "
        "pod of the session has an address. FilesSynced: that pod has the acknowledged revision. Serving: a page "
        "works there. Routed: Service and Ingress lead to it. Ready: all of these; its reason is that of the first "
        "that is not true. Errors in the user's own code unset none of them: see lastError.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    observed_generation: Annotated[int, Field(ge=0, le=2**53)] | None = Field(
        default=None,
        description="metadata.generation of the spec that this status is about. Lower than the object's own: not seen "
        "yet.",
    )
    revision: Revision | None = Field(
        default=None,
        description="Acknowledged revision of the files: 1 after the create, one more per update, never lower. A copy; "
        "the stored files have the truth. Unset: a warm session.",
    )
    served_revision: Revision | None = Field(
        default=None,
        description="Revision that the pod was last known to have. Lower than revision: the pod is behind and is being "
        "sent what it lacks (FilesSynced=False). Unset: no pod, or it has no files.",
    )
    digest: Sha256 | None = Field(
        default=None, description="Hex SHA-256 over the names and contents of the files at revision that Vite sees."
    )
    runtime_revision: RuntimeRevision | None = Field(
        default=None,
        description="status.revision of the PreviewRuntime that the pod was made from. Differs from the runtime's: the "
        "pod is replaced, at the latest when the session is idle. Unset: no pod.",
    )
    pod_name: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        default=None, description="Pod that holds the session now. Unset: none. Changes whenever a pod is replaced."
    )
    pod_ips: Annotated[tuple[Annotated[str, Field(min_length=2, max_length=45)], ...], Field(max_length=4)] = Field(
        default=(),
        # Pydantic's camelCase would be podIps; Kubernetes says podIPs.
        alias="podIPs",
        description="Addresses of that pod, of every family that it has, its primary one first. Empty: none yet.",
        json_schema_extra=ATOMIC,
    )
    url: Annotated[str, Field(min_length=1, max_length=URL_LENGTH)] | None = Field(
        default=None,
        description="Public address of the preview. The same for the whole life of the session. Whoever knows it can "
        "open the preview.",
    )
    last_activity_at: Timestamp | None = Field(
        default=None,
        description="Last sign that somebody uses the session: an API call, a page load, a page that is shown. Up to "
        "one minute old. Unset: never used.",
    )
    expires_at: Timestamp | None = Field(
        default=None,
        description="When the session ends if nothing happens any more: the later of spec.expiresAt and "
        "lastActivityAt plus the runtime's expireAfterSeconds. Moves on with activity. Unset: a warm session.",
    )
    last_error: LastError | None = Field(
        default=None,
        description="Newest build error of the project. Gone as soon as everything compiles. It never unsets Ready: "
        "the page keeps its last good state.",
        # Server-side apply on 1.20 does not remove an object whose fields are all dropped, but leaves null there.
        json_schema_extra={"nullable": True},
    )


class PreviewSession(Part):
    """A live preview of one project: a set of files, the pod that serves them with hot updates, and its URL.

    Sessions are made by the preview API (or, warm, by the operator) and named by their id: 26 random characters, the
    only secret that a caller holds. The operator gives each a pod, a Service and an Ingress and takes them away again.
    """

    api_version: Literal["preview.coinnation.io/v1alpha1"] = API_VERSION
    kind: Literal["PreviewSession"] = "PreviewSession"
    metadata: Metadata
    spec: SessionSpec
    status: SessionStatus = SessionStatus()
