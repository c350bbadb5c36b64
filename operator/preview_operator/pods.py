"""The pod of a session: pure. Whatever a caller sends, nothing of it stands here."""

from __future__ import annotations

from typing import Any

from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession
from preview_operator.revision import revision_of

Manifest = dict[str, Any]

# Not root, and no user of any distribution: nothing on a node belongs to it.
USER = 65532
SESSION_FOLDER = "/session"
# In the session's own volume: packages that one session's code could change are no other session's.
STORE_FOLDER = "/session/store"
# Of the image: a folder for each dependency profile.
CATALOGUES_FOLDER = "/catalogue"
TMP_FOLDER = "/tmp"  # noqa: S108 - a folder of the container, an emptyDir of its own
TMP_MEBIBYTES = 64
TERMINATION_LOG = "/dev/termination-log"
# The runtime ends within a second of SIGTERM.
GRACE_SECONDS = 3
# A node that does not answer for so long is taken for gone; Kubernetes' own default is five minutes.
NODE_GONE_SECONDS = 10


def make_pod(
    session: PreviewSession, runtime: PreviewRuntime, number: int, settings: ClusterSettings, secret: bytes
) -> Manifest:
    """The `number`-th pod of a session, as its runtime wants it today."""
    session_id = session.metadata.name
    name = names.pod_name(session_id, number)
    spec = runtime.spec
    pod: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {
                **names.labels(session_id, names.POD),
                names.POD_LABEL: name,
                names.RUNTIME_LABEL: runtime.metadata.name,
                names.RUNTIME_REVISION_LABEL: revision_of(runtime, settings),
            },
            "ownerReferences": [names.owner_reference(session_id, session.metadata.uid)],
        },
        "spec": {
            "restartPolicy": "Always",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "tolerations": [_toleration("unreachable"), _toleration("not-ready")],
            "volumes": [
                _empty_dir("session", spec.limits.workspace_mebibytes),
                _empty_dir("tmp", TMP_MEBIBYTES),
            ],
            "containers": [_container(name, runtime, settings, secret)],
        },
    }
    if spec.runtime_class_name is not None:
        pod["spec"]["runtimeClassName"] = spec.runtime_class_name
    return pod


def _container(pod: str, runtime: PreviewRuntime, settings: ClusterSettings, secret: bytes) -> Manifest:
    spec = runtime.spec
    return {
        "name": "runtime",
        "image": spec.image,
        "imagePullPolicy": spec.image_pull_policy.value,
        "env": [
            _variable("HOME", TMP_FOLDER),
            _variable("KP_SESSION_DIR", SESSION_FOLDER),
            _variable("KP_CATALOGUE_DIR", f"{CATALOGUES_FOLDER}/{spec.dependencies.profile}"),
            # All families: a pod may have IPv4, IPv6 or both.
            _variable("KP_PREVIEW_HOST", "*"),
            _variable("KP_PREVIEW_PORT", str(names.PREVIEW_PORT)),
            _variable("KP_CONTROL_HOST", "*"),
            _variable("KP_CONTROL_PORT", str(names.CONTROL_PORT)),
            _variable("KP_CONTROL_TOKEN", control_token(secret, pod)),
            # Of the session whose pod it is when the container starts: a pod may be handed over.
            _field("KP_SESSION", f"metadata.labels['{names.SESSION_LABEL}']"),
            _variable("KP_PUBLIC_URL", settings.address.url("$(KP_SESSION)")),
            _variable("KP_ALLOWED_ORIGINS", ",".join(settings.allowed_origins)),
            _variable("KP_KEEP_STDIN", "1"),
            _variable("KP_TERMINATION_LOG", TERMINATION_LOG),
            *_registry(spec.dependencies.registry),
        ],
        "terminationMessagePath": TERMINATION_LOG,
        # What the runtime logs holds no output of the project.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "ports": [
            {"name": names.PREVIEW_PORT_NAME, "containerPort": names.PREVIEW_PORT, "protocol": "TCP"},
            {"name": names.CONTROL_PORT_NAME, "containerPort": names.CONTROL_PORT, "protocol": "TCP"},
        ],
        "resources": {
            "requests": spec.resources.requests.manifest(),
            "limits": spec.resources.limits.manifest(),
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "session", "mountPath": SESSION_FOLDER},
            {"name": "tmp", "mountPath": TMP_FOLDER},
        ],
        # Routing does not wait for it (see `routes`): it is what `kubectl get pods` and disruption budgets go by.
        "readinessProbe": _probe(period=5, failures=2),
        # Node on a node that starts fifty of them needs ten seconds; until then nobody calls it hung.
        "startupProbe": _probe(period=1, failures=60),
        # An endless loop is ended from inside, after 4 s and by its processor time (`watchdog.js`). From here it looks
        # like a process that a full node does not let run, and a large project's first compile: those are left alone.
        "livenessProbe": _probe(period=2, failures=8),
    }


def _probe(period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": "/healthz", "port": names.CONTROL_PORT_NAME},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _registry(address: str | None) -> list[Manifest]:
    if address is None:
        return []
    return [_variable("KP_REGISTRY", address), _variable("KP_STORE_DIR", STORE_FOLDER)]


def _variable(name: str, value: str) -> Manifest:
    return {"name": name, "value": value}


def _field(name: str, path: str) -> Manifest:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _empty_dir(name: str, mebibytes: int) -> Manifest:
    return {"name": name, "emptyDir": {"sizeLimit": f"{mebibytes}Mi"}}


def _toleration(taint: str) -> Manifest:
    return {
        "key": f"node.kubernetes.io/{taint}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": NODE_GONE_SECONDS,
    }
