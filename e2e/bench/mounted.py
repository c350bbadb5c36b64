"""The way that a first design would go: stock Vite in a pod, its files mounted from a ConfigMap, an update an apply.

Kubelet brings a changed ConfigMap to the pod with its next sync, on average half a minute later, and all files at once.
"""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.sync_api import Browser

from e2e.bench import project
from e2e.bench.page import NeverShown, open_page
from e2e.cluster.api import fetch
from e2e.cluster.installed import Installed

NAME = "mounted ConfigMap"
_HOST = "mounted.localhost"
_OBJECT = "bench-mounted"
_PORT = 8080
# Kubelet's sync is a minute, the cache of its watch comes on top: 68-88 s were seen.
UPDATE_TIMEOUT_MS = 240_000
# The mounted files are links, and what they import is above them: as a project with a node_modules folder would be.
_SCRIPT = """
require('fs').symlinkSync('/catalogue/icpstudio/node_modules', '/bench/node_modules')
process.chdir('/bench/project')
const modules = '/app/node_modules'
const load = (name) => import(modules + name)
Promise.all([load('/vite/dist/node/index.js'), load('/@vitejs/plugin-react/dist/index.js')])
  .then(([vite, react]) => vite.createServer({
    configFile: false, root: '/bench/project', cacheDir: '/bench/cache', plugins: [react.default()],
    resolve: { preserveSymlinks: true },
    server: { host: '0.0.0.0', port: %d, allowedHosts: true, fs: { strict: false }, hmr: { clientPort: %d },
      watch: { usePolling: true, interval: 100 } },
  })).then((server) => server.listen())
"""


def measure(cluster: Installed, browser: Browser, updates: int) -> list[float]:
    """Milliseconds from the apply to the page's own DOM, for each of `updates` text edits."""
    edits = project.Edits()
    files = _files()
    _apply(cluster, files)
    page = open_page(browser.new_context())
    try:
        _until_served(cluster)
        page.first_paint(lambda: f"http://{_HOST}:{cluster.port}/")
        took = []
        for _ in range(updates):
            edit = edits.text()
            for path, text in edit.files.items():
                files[path.removeprefix(f"{project.ROOT}/")] = text

            def send() -> None:
                cluster.kubectl("apply", "-n", cluster.sessions, "-f", "-", stdin=_config_map(files))

            try:
                took.append(page.shows(edit, send, UPDATE_TIMEOUT_MS))
            except NeverShown:
                took.append(float(UPDATE_TIMEOUT_MS))
        return took
    finally:
        page.close()
        kinds = "ingress,service,pod,configmap"
        cluster.kubectl("delete", "-n", cluster.sessions, kinds, _OBJECT, "--grace-period=0", "--force", "--wait=false")


def _files() -> dict[str, str]:
    """The visible project below its root, with the page that the caller leaves out."""
    below = f"{project.ROOT}/"
    found = {path.removeprefix(below): text for path, text in project.files().items() if path.startswith(below)}
    page = '<!doctype html>\n<div id="root"></div><script type="module" src="/src/index.tsx"></script>\n'
    return {"index.html": page, **found}


def _key(path: str) -> str:
    """Keys of a ConfigMap hold no slash."""
    return path.replace("/", "__")


def _config_map(files: dict[str, str]) -> dict[str, Any]:
    data = {_key(path): text for path, text in files.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _OBJECT}, "data": data}


def _apply(cluster: Installed, files: dict[str, str]) -> None:
    values = cluster.release.values() or {}
    image = values["images"]["runtime"]
    labels = {"app": _OBJECT}
    items = [{"key": _key(path), "path": path} for path in files]
    container = {
        "name": "vite",
        "image": image,
        "imagePullPolicy": "Never",
        "command": ["node", "--no-experimental-require-module", "-e", _SCRIPT % (_PORT, cluster.port)],
        "env": [{"name": "HOME", "value": "/bench"}],
        "ports": [{"containerPort": _PORT}],
        "volumeMounts": [{"name": "work", "mountPath": "/bench"}, {"name": "files", "mountPath": "/bench/project"}],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _OBJECT, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [container],
            "volumes": [
                {"name": "work", "emptyDir": {}},
                {"name": "files", "configMap": {"name": _OBJECT, "items": items}},
            ],
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _OBJECT},
        "spec": {"selector": labels, "ports": [{"port": _PORT, "protocol": "TCP"}]},
    }
    backend = {"service": {"name": _OBJECT, "port": {"number": _PORT}}}
    rule = {"host": _HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": _OBJECT},
        "spec": {"ingressClassName": cluster.cluster.ingress_class, "rules": [rule]},
    }
    listed = {"apiVersion": "v1", "kind": "List", "items": [_config_map(files), pod, service, ingress]}
    cluster.kubectl("apply", "-n", cluster.sessions, "-f", "-", stdin=json.dumps(listed))
    cluster.kubectl("wait", "-n", cluster.sessions, "--for=condition=Ready", f"pod/{_OBJECT}", "--timeout=55s")


def _until_served(cluster: Installed) -> None:
    deadline = time.monotonic() + 60
    while fetch("127.0.0.1", cluster.port, _HOST, "/").status != 200:
        if time.monotonic() > deadline:
            raise RuntimeError("stock Vite does not answer")
        time.sleep(0.2)
