"""What is read from outside: the API server's count of requests, etcd's bytes, a process's memory and CPU."""

from __future__ import annotations

import base64
import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from e2e.cluster.answers import answers
from e2e.cluster.commands import Plane

_PAGE = 200
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
# Where the API server keeps what; custom resources under their group.
PREFIXES: Mapping[str, str] = {
    "PreviewSession": "/registry/preview.coinnation.io/previewsessions/",
    "Pod": "/registry/pods/",
    "Service": "/registry/services/specs/",
    "Ingress": "/registry/ingress/",
    "ConfigMap (files)": "/registry/configmaps/",
    "Event (an hour)": "/registry/events/",
}
# What sessions cost. The API server and its own watches ask for much else.
_OURS = frozenset(
    {
        "previewsessions",
        "previewruntimes",
        "pods",
        "services",
        "ingresses",
        "configmaps",
        "networkpolicies",
        "events",
        "secrets",
    }
)
# Of the API server itself, which looks after its own Service every ten seconds, and of the played kubelet.
_FOREIGN = frozenset({"GET services", "PATCH pods/status"})


def requests(plane: Plane) -> Counter[str]:
    """Answered by the API server since its start, by `VERB resource`; watches are counted when they end."""
    found: Counter[str] = Counter()
    for labels, value in _SAMPLE.findall(_ask(plane, "/metrics")):
        told = dict(_LABEL.findall(labels))
        name = f"{told['verb']} " + "/".join(filter(None, (told.get("resource"), told.get("subresource"))))
        if told.get("resource") in _OURS and name not in _FOREIGN:
            found[name] += int(float(value))
    return found


@dataclass(frozen=True)
class Listed:
    """How long the API server takes for one kind as an ingress controller or an operator lists it when it starts."""

    seconds: float
    size: int


def listed(plane: Plane, path: str) -> Listed:
    began = time.perf_counter()
    text = _ask(plane, f"{path}?resourceVersion=0")
    return Listed(time.perf_counter() - began, len(text))


def stored(plane: Plane, prefix: str) -> tuple[int, int]:
    """Objects below a key of etcd, and their bytes, keys included."""
    objects = size = 0
    key, end = prefix.encode(), prefix.encode()[:-1] + bytes([prefix.encode()[-1] + 1])
    with httpx2.Client(base_url=f"http://127.0.0.1:{plane.etcd_port}", trust_env=False, timeout=60) as http:
        while True:
            body = {"key": _base64(key), "range_end": _base64(end), "limit": _PAGE}
            page = http.post("/v3/kv/range", json=body).raise_for_status().json()
            for pair in page.get("kvs", ()):
                key = base64.b64decode(pair["key"])
                objects += 1
                size += len(key) + len(base64.b64decode(pair["value"]))
            if not page.get("more"):
                return objects, size
            key += b"\0"


@dataclass(frozen=True)
class Used:
    """Of one process: resident memory now and at most (MiB), CPU since its start (seconds)."""

    rss: float
    peak: float
    cpu: float

    @classmethod
    def of(cls, pid: int) -> Used:
        status = Path(f"/proc/{pid}/status").read_text()
        rss, peak = (int(status.partition(f"{name}:")[2].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return cls(rss, peak, sum(map(int, times)) / _TICKS)


def _ask(plane: Plane, path: str) -> str:
    text = answers(plane, path)
    if text is None:
        raise RuntimeError(f"the API server does not answer {path}")
    return text


def _base64(key: bytes) -> str:
    return base64.b64encode(key).decode()
