"""PreviewRuntime: the platform team's knob, and the security boundary. Callers never supply a pod.

`revision` names the part of a spec that pods are made from: when it changes, pods are replaced, and only then.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from preview_core.resources.conditions import Condition
from preview_core.resources.names import API_VERSION
from preview_core.resources.part import ATOMIC, Label, Metadata, Part, RuntimeRevision, rules
from preview_core.resources.quantity import Quantity, amount

Count = Annotated[int, Field(ge=0, le=100_000)]
Total = Annotated[int, Field(ge=0, le=2**53)]
Image = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\s]+$")]
LONGEST_S = 30 * 24 * 3600  # a month: a session is a preview, not an installation


class PullPolicy(StrEnum):
    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class Requests(Part):
    """What the scheduler sets aside for one pod."""

    # A loaded session of Vite 7 takes 173 MB and 17 MB on top (RSS), a waiting one 100 to 174 MB.
    cpu: Quantity = Field(default="100m", description="CPU, as a quantity in quotes: '100m' is a tenth of a core.")
    memory: Quantity = Field(default="192Mi", description="Memory, as a quantity such as 192Mi.")


class Limits(Part):
    """What one pod may take at most. Beyond memory the kernel ends the process, and the session gets a new pod."""

    # A cold pre-bundle and an installation of packages come on top of the 190 MB of a loaded session.
    cpu: Quantity = Field(default="2", description="CPU, as a quantity in quotes: '2' is two cores.")
    memory: Quantity = Field(default="768Mi", description="Memory, as a quantity such as 768Mi.")


class Resources(Part):
    """Compute resources of each session's pod."""

    requests: Requests = Field(default=Requests(), description="What the scheduler sets aside for one pod.")
    limits: Limits = Field(default=Limits(), description="What one pod may take at most. Not below requests.")


class Dependencies(Part):
    """The npm packages that sessions find."""

    profile: Label = Field(
        default="icpstudio",
        description="Set of packages, installed and pre-bundled in the image, that every session starts with. The "
        "image must have it: a session on an unknown profile is Serving=False.",
    )
    registry: Annotated[str, Field(max_length=400, pattern=r"^https?://[^\s]+$")] | None = Field(
        default=None,
        description="Address of the npm registry from which a session installs packages beyond the profile, without "
        "running install scripts. egress must allow it. Unset: nothing is installed, and the missing package is "
        "reported as a build error.",
    )


class SessionLimits(Part):
    """How much one session, and all sessions together, may hold."""

    pods: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000,
        description="Pods of this runtime at one time, warm ones included. Beyond it creates are refused with 503 "
        "CAPACITY, after idle sessions were suspended. A changed runtime takes up to five more while sessions move.",
    )
    project_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = Field(
        default=32 * 1024 * 1024,
        description="Sum of the sizes of a project's files, in bytes and before compression. More is refused with 413.",
    )
    project_files: Annotated[int, Field(ge=1, le=20_000)] = Field(
        default=5000, description="Number of a project's files. More is refused with 413."
    )
    workspace_mebibytes: Annotated[int, Field(ge=16, le=65_536)] = Field(
        default=512,
        description="Disk of one pod in MiB for files, installed packages and caches; its root file system is "
        "read-only. A pod that takes more is evicted and replaced.",
    )


class Warm(Part):
    """Sessions kept running that nobody owns yet, so that a create takes one instead of waiting for a pod."""

    minimum: Count = Field(
        default=0,
        description="Warm sessions to keep at all times. The scale subresource changes this field, so kubectl scale "
        "and autoscalers work on it. Above maximum: maximum holds. 0: creates wait for a pod.",
    )
    maximum: Count = Field(
        default=10,
        description="Upper bound of warm sessions. Between minimum and maximum the operator follows the rate of "
        "creates. 0: no warm sessions.",
    )

    @property
    def bounds(self) -> tuple[int, int]:
        """(minimum, maximum) as they hold: an autoscaler may have asked for more than the maximum."""
        return min(self.minimum, self.maximum), self.maximum


class EgressRule(Part):
    """One destination that sessions may open connections to."""

    cidr: Annotated[str, Field(max_length=43, pattern=r"^[0-9a-fA-F.:]+/[0-9]{1,3}$")] = Field(
        description="Destination addresses, for example 203.0.113.0/24 or 2001:db8::/32."
    )
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], Field(max_length=16)] = Field(
        default=(), description="TCP ports there. Empty: every TCP port.", json_schema_extra=ATOMIC
    )

    @property
    def is_valid(self) -> bool:
        """The schema sees characters only, and a NetworkPolicy with a wrong range would be refused as a whole."""
        try:
            ip_network(self.cidr, strict=False)
        except ValueError:
            return False
        return True


class Egress(Part):
    """What sessions may reach. Written as a NetworkPolicy: it holds only where the network plugin enforces those."""

    allow: Annotated[tuple[EgressRule, ...], Field(max_length=32)] = Field(
        default=(),
        description="Destinations that sessions may open connections to. Empty: none at all, not even name resolution. "
        "Answers to requests that reach a session are always allowed.",
        json_schema_extra=ATOMIC,
    )
    dns: bool = Field(
        default=False,
        description="true: the cluster's name servers can be asked (port 53, UDP and TCP). Needed for a registry that "
        "is given by name. false: they cannot.",
    )


class RuntimeSpec(Part):
    """How the sessions of this runtime run.

    A change of image, imagePullPolicy, runtimeClassName, resources, dependencies or limits.workspaceMebibytes replaces
    the pods of all its sessions, idle ones first; ids, files and URLs stay. Other changes apply to running pods.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("self.warm.minimum <= self.warm.maximum", "warm.minimum must not be above warm.maximum"),
            (
                "self.suspendAfterSeconds <= self.expireAfterSeconds",
                "suspendAfterSeconds must not be above expireAfterSeconds",
            ),
        )
    )

    image: Image = Field(
        description="Container image of the session runtime. It holds Node, Vite and the dependency profiles. Best by "
        "digest: a moved tag replaces no pods.",
    )
    image_pull_policy: PullPolicy = Field(
        default=PullPolicy.IF_NOT_PRESENT,
        description="When nodes pull the image. Never: only nodes that have it can run sessions.",
    )
    runtime_class_name: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        default=None,
        description="RuntimeClass of the pods, for example one of a sandbox with its own kernel. Sessions run code of "
        "strangers: set it where there is one. Unset: the cluster's default, with the node's kernel as the boundary.",
    )
    resources: Resources = Field(default=Resources(), description="Compute resources of each session's pod.")
    dependencies: Dependencies = Field(default=Dependencies(), description="The npm packages that sessions find.")
    limits: SessionLimits = Field(
        default=SessionLimits(), description="How much one session, and all sessions together, may hold."
    )
    warm: Warm = Field(
        default=Warm(),
        description="Sessions kept running that nobody owns yet, so that a create takes one instead of waiting for a "
        "pod. Each costs the memory of one pod.",
    )
    # 15 minutes: longer than the pause between two prompts, short against the 24 hours that an id lives.
    suspend_after_seconds: Annotated[int, Field(ge=0, le=LONGEST_S)] = Field(
        default=900,
        description="Seconds without activity after which a session gives up its pod. Id, files and URL stay, and the "
        "next visit or call brings a pod back. A page that is shown is activity, one in a hidden tab is not. 0: never.",
    )
    # Below 10 s the sweeper's own resolution would decide.
    expire_after_seconds: Annotated[int, Field(ge=10, le=LONGEST_S)] = Field(
        default=24 * 3600,
        description="Seconds without activity after which a session ends: what callers are promised, 24 hours in the "
        "API's contract. A lower value applies to new promises only; those that were made are kept. At least 10.",
    )
    egress: Egress = Field(
        default=Egress(),
        description="What sessions may reach. It is written as a NetworkPolicy and holds only where the network plugin "
        "enforces those.",
    )

    def faults(self) -> tuple[str, ...]:
        """Why the spec cannot be carried out although it fits the schema: the message of Accepted=False."""
        pairs = [
            (name, getattr(self.resources.requests, name), getattr(self.resources.limits, name))
            for name in ("cpu", "memory")
        ]
        above = [
            f"resources.requests.{name} ({low}) is above resources.limits.{name} ({high})"
            for name, low, high in pairs
            if amount(low) > amount(high)
        ]
        unreadable = [f"egress: {rule.cidr} is not an address range" for rule in self.egress.allow if not rule.is_valid]
        return (*above, *unreadable)

    @property
    def revision(self) -> str:
        """16 hex digits over what a pod is made from; equal as long as no pod has to be replaced."""
        parts = self.manifest()
        made_from = {
            name: parts.get(name)
            for name in ("image", "imagePullPolicy", "runtimeClassName", "resources", "dependencies")
        }
        made_from["workspaceMebibytes"] = self.limits.workspace_mebibytes
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]


class RuntimeConditionType(StrEnum):
    """In the order in which they come true."""

    ACCEPTED = "Accepted"  # the spec can be carried out
    FILLED = "Filled"  # as many warm sessions work as are wanted
    READY = "Ready"  # all of the above


STEPS = (RuntimeConditionType.ACCEPTED, RuntimeConditionType.FILLED)


class RuntimeStatus(Part):
    """What the operator saw last. Wiped, it is written again by the next pass, except that misses starts at 0."""

    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = Field(
        default=(),
        description="True is good for every type. Accepted: the spec can be carried out. Filled: as many warm sessions "
        "work as are wanted. Ready: both; its reason is that of the first that is not true.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    observed_generation: Total | None = Field(
        default=None,
        description="metadata.generation of the spec that this status is about. Lower than the object's own: not seen "
        "yet.",
    )
    revision: RuntimeRevision | None = Field(
        default=None,
        description="16 hex digits over what pods are made from. A session whose status.runtimeRevision differs is "
        "about to get a new pod.",
    )
    desired: Count = Field(
        default=0, description="Warm sessions wanted now, from warm.minimum to warm.maximum by the rate of creates."
    )
    warm: Count = Field(
        default=0, description="Warm sessions that exist, working or still starting. Status of the scale subresource."
    )
    ready: Count = Field(default=0, description="Warm sessions that work and can be taken at once; a part of warm.")
    claimed: Count = Field(
        default=0, description="Live sessions with an owner, suspended ones included, tombstones not."
    )
    outdated: Count = Field(
        default=0, description="Pods made from an earlier revision that are still to be replaced. 0: rolled over."
    )
    pods: Count = Field(
        default=0,
        description="Pods that exist, whatever they hold. At limits.pods creates are refused with 503 CAPACITY.",
    )
    misses: Total = Field(
        default=0,
        description="Creates since the operator started that found no warm session and waited for a pod. Only ever "
        "grows, and starts at 0 with the operator: compare two readings. Growing: raise warm.minimum.",
    )
    selector: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        default=None,
        description="Label selector of the pods of warm sessions, in the form of kubectl -l, for autoscalers.",
    )


class PreviewRuntime(Part):
    """A kind of session: image, resources, limits, times and the number of sessions kept warm.

    It is made by the platform team and is the security boundary: callers name a runtime at most, and never say what a
    pod looks like.
    """

    api_version: Literal["preview.coinnation.io/v1alpha1"] = API_VERSION
    kind: Literal["PreviewRuntime"] = "PreviewRuntime"
    metadata: Metadata
    spec: RuntimeSpec
    status: RuntimeStatus = RuntimeStatus()
