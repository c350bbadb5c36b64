"""Names and labels of a session's objects: one place, because selectors, watches and writers must agree."""

from __future__ import annotations

import hashlib
from typing import Any

from preview_core.resources.names import API_VERSION, GROUP, SESSION

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "kontext-preview"
SESSION_LABEL = f"{GROUP}/session"
PART_LABEL = f"{GROUP}/part"
RUNTIME_LABEL = f"{GROUP}/runtime"
RUNTIME_REVISION_LABEL = f"{GROUP}/runtime-revision"
ROUTE_DIGEST_ANNOTATION = f"{GROUP}/route-digest"
POD_LABEL = f"{GROUP}/pod"  # of a pod, its own name: a Service leads to exactly one pod
OWNER_LABEL = f"{GROUP}/owner"  # of a session: a hash of its owner, by which an owner's sessions are listed
WARM_LABEL = f"{GROUP}/warm"  # of a session, where its runtime keeps some warm: one of the next four
HEIR_ANNOTATION = f"{GROUP}/heir"  # of an adopted session: the id of the one that gets its pod

WAITING = "waiting"  # made by the operator, and nobody's yet
CLAIMED = "claimed"  # it waited, and a create took it
ADOPTED = "adopted"  # it waited, and its pod is on its way to a session that wakes
MISSED = "missed"  # made by a create that found none waiting

POD = "pod"
ROUTE = "route"  # Service and Ingress
FILES = "files"  # the index, and the files of a small project
SHARD = "shard"
QUOTA = "quota"
WAKER = "waker"

PREVIEW_PORT = 8080
CONTROL_PORT = 9001
PREVIEW_PORT_NAME = "preview"
CONTROL_PORT_NAME = "control"

# 80 bits: two owners with one hash would share a quota, nothing else.
_OWNER_DIGITS = 20


def labels(session_id: str, part: str) -> dict[str, str]:
    """Of every object that belongs to a session."""
    return {MANAGED_BY: MANAGER, SESSION_LABEL: session_id, PART_LABEL: part}


def owner_reference(session_id: str, uid: str) -> dict[str, Any]:
    """Makes an object go with its session."""
    return {
        "apiVersion": API_VERSION,
        "kind": SESSION.kind,
        "name": session_id,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def route_name(session_id: str) -> str:
    """Of the Service and of the Ingress."""
    return f"preview-{session_id}"


def pod_name(session_id: str, number: int) -> str:
    """A replaced pod's successor has another name, so that it need not wait for the old one to go."""
    return f"preview-{session_id}-{number}"


def pod_number(session_id: str, name: str) -> int:
    """The inverse; 0 for a name that is not of this session: its pod may have been made for a warm one."""
    tail = name.removeprefix(f"preview-{session_id}-")
    return int(tail) if tail != name and tail.isdigit() else 0


def files_name(session_id: str) -> str:
    """Of the index of a session's files."""
    return f"files-{session_id}"


def shard_name(session_id: str, key: str) -> str:
    """Of a shard of the files."""
    return f"files-{session_id}-{key}"


def owner_hash(owner: str) -> str:
    """A label value that stands for an owner and does not tell who that is."""
    return hashlib.sha256(owner.encode()).hexdigest()[:_OWNER_DIGITS]


def quota_name(owner: str) -> str:
    """Of the object on which the creates of one owner meet."""
    return f"quota-{owner_hash(owner)}"
