"""What a session's pod may do, and where it listens: asked inside the pod."""

from __future__ import annotations

import json

import pytest

from e2e.cluster.installed import Installed
from e2e.guarantees.caller import Session
from e2e.guarantees.conftest import Create
from e2e.guarantees.test_failures import pod_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

PREVIEW_PORT = 8080
CONTROL_PORT = 9001

# What code of a session can find out about the process that it runs in.
_INSIDE = """
const fs = require('fs')
const attempt = (work) => { try { return work() ?? 'done' } catch (error) { return error.code } }
const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\\n').map((l) => l.split(':\\t')))
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(),
  capabilities: [status.CapEff, status.CapPrm, status.CapBnd],
  seccomp: status.Seccomp, noNewPrivileges: status.NoNewPrivs,
  token: attempt(() => fs.readdirSync('/var/run/secrets/kubernetes.io/serviceaccount')),
  services: Object.keys(process.env).filter((name) => /_SERVICE_HOST$/.test(name)),
  writes: ['/x', '/app/x', '/catalogue/x', '/etc/x', '/usr/x'].map((path) => attempt(() => fs.writeFileSync(path, ''))),
  own: ['/session/x', '/tmp/x'].map((path) => attempt(() => { fs.writeFileSync(path, ''); fs.rmSync(path) })),
}))
"""
_LISTENING = """
const fs = require('fs')
const ports = ['/proc/net/tcp', '/proc/net/tcp6'].filter(fs.existsSync).flatMap((file) =>
  fs.readFileSync(file, 'utf8').trim().split('\\n').slice(1).map((line) => line.trim().split(/\\s+/))
    .filter((columns) => columns[3] === '0A').map((columns) => parseInt(columns[1].split(':')[1], 16)))
console.log(JSON.stringify([...new Set(ports)].sort((a, b) => a - b)))
"""
_FAMILIES = """
const http = require('http')
const os = require('os')
const headers = { host: process.argv[1] }
const ask = (host, port, path) => new Promise((resolve) => http.get({ host, port, path, headers },
  (res) => { res.resume(); resolve(res.statusCode) }).on('error', (error) => resolve(error.code)))
const addresses = Object.values(os.networkInterfaces()).flat().filter((one) => !one.address.startsWith('fe80'))
Promise.all(addresses.flatMap((one) => [ask(one.address, 8080, '/'), ask(one.address, 9001, '/healthz')]
  .map(async (answer) => [one.family, await answer])))
  .then((answers) => console.log(JSON.stringify(answers)))
"""


def run(cluster: Installed, session: Session, script: str, *arguments: str) -> object:
    """A Node script inside the session's pod; what it printed, decoded."""
    pod = pod_of(cluster, session)
    printed = cluster.kubectl("exec", "-n", cluster.sessions, pod, "--", "node", "-e", script, *arguments)
    found: object = json.loads(printed)
    return found


async def test_g36_session_code_has_no_rights(cluster: Installed, new: Create) -> None:
    session = await new()
    await session.ready()
    assert run(cluster, session, _INSIDE) == {
        "uid": 65532,
        "gid": 65532,
        "capabilities": ["0000000000000000"] * 3,
        "seccomp": "2",
        "noNewPrivileges": "1",
        "token": "ENOENT",
        # Every pod is told of Kubernetes' own Service; nobody here has a token for it.
        "services": ["KUBERNETES_SERVICE_HOST"],
        "writes": ["EROFS"] * 5,
        "own": ["done"] * 2,
    }
    spec = cluster.kubectl.json("get", "pod", pod_of(cluster, session), "-n", cluster.sessions)["spec"]
    [container] = spec["containers"]
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert spec["automountServiceAccountToken"] is False
    assert spec.get("hostNetwork") is not True
    assert not any("hostPort" in port for port in container["ports"])


async def test_g20_every_session_listens_on_the_same_two_ports(cluster: Installed, new: Create) -> None:
    sessions = [await new() for _ in range(3)]
    for session in sessions:
        await session.ready()
        assert run(cluster, session, _LISTENING) == [PREVIEW_PORT, CONTROL_PORT]
        assert session.created["previewUrl"].endswith(f":{cluster.port}/")


async def test_g08_pods_answer_on_every_address_of_every_family_that_they_have(cluster: Installed, new: Create) -> None:
    session = await new()
    await session.ready()
    answers = run(cluster, session, _FAMILIES, session.host)
    assert isinstance(answers, list)
    families = {family for family, _ in answers}
    assert "IPv4" in families
    assert all(answer == 200 for _, answer in answers), answers
    print("families of this machine's pods:", sorted(families))
