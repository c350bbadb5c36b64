"""The four calls: what they answer when all is well."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from tests.unit.api.conftest import CREATE, ORIGIN, PROJECT, Clock, created, updated
from tests.unit.api.memory import MemoryBackend

from preview_api.backends.base import Ended
from preview_core.naming import is_session_id, new_session_id
from preview_core.wire import Warned

CLIENT_TEXT = "No active preview session: not found or expired"


async def test_a_create_answers_all_that_the_caller_needs(api: httpx2.AsyncClient, clock: Clock) -> None:
    answer = await created(api)
    session_id = answer["sessionId"]
    assert isinstance(session_id, str)
    assert is_session_id(session_id)
    assert answer == {
        "success": True,
        "sessionId": session_id,
        "previewUrl": f"http://preview-{session_id}.localhost:20000/",
        "wsUrl": f"ws://preview-{session_id}.localhost:20000/hmr",
        "status": "active",
        "phase": "Starting",
        "reused": False,
        "root": "src/frontend",
        "entry": "src/index.tsx",
        "revision": 1,
        "createdAt": clock.now,
        "expiresAt": answer["expiresAt"],
        "warnings": [],
    }


async def test_an_update_answers_what_became_of_every_file(api: httpx2.AsyncClient) -> None:
    session = await created(api)
    response = await api.post(
        f"{CREATE}/{session['sessionId']}/update",
        json={
            "files": [
                {"name": "My App/src/frontend/src/App.tsx", "content": "export default () => 1"},
                {"name": "src/frontend/src/styles.css", "content": "a { color: red }"},
                {"name": "src/backend/src/main.mo", "content": "actor {}"},
                {"name": "../../etc/passwd", "content": "x"},
                {"name": "src/frontend/src/index.tsx", "content": 5},
            ],
            "deleted": [],
        },
    )
    answer = response.json()
    assert response.status_code == 200
    assert answer["updated"] == ["My App/src/frontend/src/App.tsx"]
    assert answer["unchanged"] == ["src/frontend/src/styles.css"]
    assert [entry["name"] for entry in answer["ignored"]] == ["src/backend/src/main.mo"]
    assert {entry["name"] for entry in answer["rejected"]} == {"../../etc/passwd", "src/frontend/src/index.tsx"}
    assert answer["hmrTriggered"] is True
    assert answer["hmr"]["kind"] == "update"
    assert answer["diagnostics"] == []
    # A component without a name is none for Fast Refresh.
    assert [change["level"] for change in answer["analysis"]["changes"]] == ["reload", "noop", "backend"]
    assert answer["analysis"]["strategy"] == "preview-update"
    assert answer["revision"] == 2


async def test_what_the_runtime_warns_of_is_in_the_answers_that_waited_for_it(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    session = await created(api)
    told = {"code": "CONFIG_IGNORED", "path": "src/frontend/vite.config.ts", "message": "define.X is left out"}
    backend.warned = [Warned(**told)]
    answer = await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "1")
    assert answer["warnings"] == [told]
    again = {"files": [*PROJECT, {"name": "a\0b", "content": ""}], "sessionId": session["sessionId"]}
    reused = (await api.post(CREATE, json=again)).json()
    assert [warning["code"] for warning in reused["warnings"]] == ["INVALID_FILE_PATH", "CONFIG_IGNORED"]
    backend.faults.away = True
    assert (await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "2"))["warnings"] == []


async def test_g23_posting_the_same_again_changes_nothing(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    for _ in range(100):
        again = await created(api, sessionId=session["sessionId"])
        assert (again["reused"], again["revision"]) == (True, 1)
    assert backend.pushed == []


async def test_g24_an_update_of_one_file_leaves_the_others(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    before = backend.sessions[str(session["sessionId"])].tree
    await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "new")
    after = backend.sessions[str(session["sessionId"])].tree
    assert after["src/frontend/src/App.tsx"].content == b"new"
    assert {path for path in before if before[path] != after[path]} == {"src/frontend/src/App.tsx"}
    assert len(after) == len(before)


async def test_null_and_deleted_both_delete(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    response = await api.post(
        f"{CREATE}/{session['sessionId']}/update",
        json={"files": [{"name": "src/frontend/src/App.tsx", "content": None}], "deleted": ["styles.css"]},
    )
    assert sorted(response.json()["updated"]) == ["src/frontend/src/App.tsx", "styles.css"]
    assert list(backend.sessions[str(session["sessionId"])].tree) == ["src/frontend/src/index.tsx"]


async def test_status_tells_the_phase_of_the_moment(api: httpx2.AsyncClient, clock: Clock) -> None:
    session = await created(api)
    clock.now += 5_000
    answer = (await api.get(f"{CREATE}/{session['sessionId']}")).json()
    assert answer["status"] == "active"
    assert answer["phase"] == "Ready"
    assert answer["lastActivityAt"] == clock.now
    assert answer["previewUrl"] == session["previewUrl"]


async def test_delete_ends_a_session_and_says_so_again(api: httpx2.AsyncClient) -> None:
    session = await created(api)
    url = f"{CREATE}/{session['sessionId']}"
    for _ in range(2):
        response = await api.delete(url)
        assert response.status_code == 200
        assert response.json() == {"success": True, "message": "Session closed successfully"}
    for response in (await api.get(url), await api.post(f"{url}/update", json={"files": PROJECT})):
        assert response.status_code == 410
        assert response.json()["code"] == "SESSION_EXPIRED"
        assert response.json()["error"] == "Preview session expired"


@pytest.mark.parametrize("session_id", ["a" * 26, "short", "x" * 27, "..%00", "%ff", "ABCDEFGHIJKLMNOPQRSTUVWXY2"])
async def test_unknown_ids_are_not_found(api: httpx2.AsyncClient, session_id: str) -> None:
    url = f"{CREATE}/{session_id}"
    for response in (
        await api.get(url),
        await api.delete(url),
        await api.post(f"{url}/update", json={"files": PROJECT}),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "SESSION_NOT_FOUND"
        assert CLIENT_TEXT in response.json()["error"]


async def test_g39_times_are_milliseconds_and_expiry_never_decreases(api: httpx2.AsyncClient, clock: Clock) -> None:
    session = await created(api)
    last = session["expiresAt"]
    assert isinstance(last, int)
    assert last - clock.now >= 24 * 3600 * 1000
    for step in (0, 10, 1_000, 30_000, 61_000, 3_600_000, -7_200_000, 1):
        clock.now += step
        for answer in (
            (await api.get(f"{CREATE}/{session['sessionId']}")).json(),
            await updated(api, session["sessionId"], "src/frontend/src/App.tsx", str(clock.now)),
            await created(api, sessionId=session["sessionId"]),
        ):
            assert isinstance(answer["expiresAt"], int)
            assert answer["expiresAt"] >= last
            assert answer["expiresAt"] >= clock.now + 24 * 3600 * 1000
            last = answer["expiresAt"]


async def test_a_session_expires_after_a_day_of_inactivity(api: httpx2.AsyncClient, clock: Clock) -> None:
    session = await created(api)
    clock.now = int(str(session["expiresAt"]))
    response = await api.get(f"{CREATE}/{session['sessionId']}")
    assert (response.status_code, response.json()["code"]) == (410, "SESSION_EXPIRED")


async def test_create_with_an_expired_id_makes_a_new_session(api: httpx2.AsyncClient) -> None:
    session = await created(api)
    await api.delete(f"{CREATE}/{session['sessionId']}")
    again = await created(api, sessionId=session["sessionId"])
    assert again["sessionId"] != session["sessionId"]
    assert again["reused"] is False


@pytest.mark.parametrize("foreign", ["1", "admin", "x" * 26, None, 17, "a" * 10_000], ids=lambda value: str(value)[:9])
async def test_a_foreign_id_is_not_honoured(api: httpx2.AsyncClient, foreign: object) -> None:
    first, second = [await created(api, sessionId=foreign) for _ in range(2)]
    assert len({first["sessionId"], second["sessionId"], foreign}) == 3


async def test_g03_parallel_creates_with_one_unknown_id_make_one_session(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    unknown = new_session_id()
    answers = await asyncio.gather(*(created(api, sessionId=unknown) for _ in range(20)))
    assert len({str(answer["sessionId"]) for answer in answers}) == 1
    assert answers[0]["sessionId"] != unknown
    assert [answer["reused"] for answer in answers].count(False) == 1
    assert len(backend.sessions) == 1


async def test_g03_parallel_creates_with_one_live_id_use_that_session(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    session = await created(api)
    answers = await asyncio.gather(*(created(api, sessionId=session["sessionId"]) for _ in range(20)))
    assert {answer["sessionId"] for answer in answers} == {session["sessionId"]}
    assert len(backend.sessions) == 1


async def test_an_idempotency_key_makes_one_session_per_body(api: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "one"}
    body = {"files": PROJECT, "packageJson": None}
    first, second = [(await api.post(CREATE, json=body, headers=headers)).json() for _ in range(2)]
    assert first["sessionId"] == second["sessionId"]
    other = (await api.post(CREATE, json={**body, "projectType": "x"}, headers=headers)).json()
    assert other["sessionId"] != first["sessionId"]


async def test_a_repeated_create_does_not_undo_what_came_after_it(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    body, headers = {"files": PROJECT}, {"Idempotency-Key": "one"}
    session = (await api.post(CREATE, json=body, headers=headers)).json()
    await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "later")
    again = (await api.post(CREATE, json=body, headers=headers)).json()
    assert (again["reused"], again["revision"]) == (True, 2)
    assert backend.sessions[session["sessionId"]].tree["src/frontend/src/App.tsx"].content == b"later"


async def test_a_key_belongs_to_its_owner(api: httpx2.AsyncClient) -> None:
    unknown = new_session_id()
    here = await created(api, sessionId=unknown)
    response = await api.post(
        CREATE, json={"files": PROJECT, "sessionId": unknown}, headers={"Origin": "https://other.example"}
    )
    assert response.json()["sessionId"] != here["sessionId"]


async def test_g29_concurrent_updates_are_serialised(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    answers = await asyncio.gather(
        *(updated(api, session["sessionId"], f"src/frontend/src/f{number}.ts", "x") for number in range(30))
    )
    assert sorted(int(str(answer["revision"])) for answer in answers) == list(range(2, 32))
    # Each push begins where the one before it ended: those that waited went together, and none went twice.
    ends = [1, *(end for _, end in backend.pushed)]
    assert [begin for begin, _ in backend.pushed] == ends[:-1]
    assert ends[-1] == 31
    assert len(backend.sessions[str(session["sessionId"])].tree) == len(PROJECT) + 30


async def test_g29_a_lost_race_is_applied_again(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    backend.faults.conflicts = 3
    answer = await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "mine")
    assert answer["revision"] == 2


async def test_a_storm_of_conflicts_ends_in_an_error_that_may_be_repeated(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    session = await created(api)
    backend.faults.conflicts = 1000
    response = await api.post(
        f"{CREATE}/{session['sessionId']}/update", json={"files": [{"name": "App.tsx", "content": "mine"}]}
    )
    assert response.status_code == 503
    assert response.json()["retryable"] is True
    assert response.headers["Retry-After"]


async def test_g42_files_are_durable_although_the_runtime_is_away(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    session = await created(api)
    backend.faults.away = True
    answer = await updated(api, session["sessionId"], "src/frontend/src/App.tsx", "kept")
    assert answer["hmrTriggered"] is False
    assert answer["updated"] == ["src/frontend/src/App.tsx"]
    assert backend.sessions[str(session["sessionId"])].tree["src/frontend/src/App.tsx"].content == b"kept"


async def test_a_project_without_anything_to_render_is_created_with_a_warning(api: httpx2.AsyncClient) -> None:
    response = await api.post(CREATE, json={"files": [{"name": "README.md", "content": "hi"}]})
    assert response.status_code == 200
    assert "NO_ENTRY" in [warning["code"] for warning in response.json()["warnings"]]
    assert response.json()["entry"] is None


async def test_faults_of_single_files_are_warnings_of_a_create(api: httpx2.AsyncClient) -> None:
    files = [*PROJECT, {"name": "a\0b", "content": "x"}, {"name": "src/frontend/src/b.ts", "content": {}}]
    response = await api.post(CREATE, json={"files": files, "projectType": "rails"})
    assert response.status_code == 200
    codes = [warning["code"] for warning in response.json()["warnings"]]
    assert sorted(codes) == ["INVALID_CONTENT", "INVALID_FILE_PATH", "UNKNOWN_PROJECT_TYPE"]


async def test_a_package_json_is_enough_to_begin_with(api: httpx2.AsyncClient) -> None:
    response = await api.post(CREATE, json={"files": [], "packageJson": {"name": "x"}})
    assert response.status_code == 200


async def test_the_least_recently_used_idle_session_is_retired_for_a_new_one(
    api: httpx2.AsyncClient, backend: MemoryBackend, clock: Clock
) -> None:
    ids = []
    for _ in range(100):
        clock.now += 1
        ids.append(str((await created(api))["sessionId"]))
    backend.busy = {ids[0]}
    await created(api)
    assert backend.sessions[ids[0]].record.ended is None
    assert backend.sessions[ids[1]].record.ended is Ended.CLOSED


async def test_only_when_no_session_is_idle_the_quota_is_exceeded(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    for _ in range(100):
        backend.busy.add(str((await created(api))["sessionId"]))
    response = await api.post(CREATE, json={"files": PROJECT})
    assert (response.status_code, response.json()["code"]) == (429, "QUOTA_EXCEEDED")
    assert response.headers["Retry-After"]
    other = await api.post(CREATE, json={"files": PROJECT}, headers={"Origin": "https://other.example"})
    assert other.status_code == 200


async def test_room_that_another_replica_takes_is_made_again(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    for _ in range(8):
        await created(api)
    backend.faults.crowded = 3
    await created(api)
    assert backend.faults.crowded == 0


async def test_an_owner_whose_room_is_always_taken_is_told_to_come_again(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    for _ in range(8):
        await created(api)
    backend.faults.crowded = 1000
    response = await api.post(CREATE, json={"files": PROJECT})
    assert (response.status_code, response.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert response.headers["Retry-After"]
    live = [found for found in backend.sessions.values() if found.record.ended is None]
    assert len(live) >= 3, "not all are given up for one that does not come"


async def test_health_and_metrics(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    session = await created(api)
    assert (await api.get("/healthz")).json() == {"status": "ok"}
    assert (await api.get("/readyz")).status_code == 200
    metrics = (await api.get("/metrics")).text
    assert 'kontext_preview_sessions{phase="Starting"} 1.0' in metrics
    assert 'route="/kontext/preview"' in metrics
    await api.get(f"{CREATE}/{session['sessionId']}")
    assert str(session["sessionId"]) not in (await api.get("/metrics")).text
    backend.faults.unavailable = True
    response = await api.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "BACKEND_UNAVAILABLE")


async def test_the_documentation_is_served(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/docs")).status_code == 200
    document = (await api.get("/openapi.json")).json()
    assert {"CreateRequest", "FileSent", "UpdateRequest", "Problem"} <= document["components"]["schemas"].keys()
    create = document["paths"][CREATE]["post"]
    assert {"200", "400", "413", "429", "503"} <= create["responses"].keys()
    assert ORIGIN not in str(document)


async def test_junk_is_ignored_in_an_update_and_a_warning_in_a_create(api: httpx2.AsyncClient) -> None:
    junk = {"name": "src/frontend/src/New.tsx", "content": "[object Object]"}
    files = [*PROJECT, junk]
    session = (await api.post(CREATE, json={"files": files})).json()
    assert [(one["code"], one["path"]) for one in session["warnings"]] == [("JUNK_CONTENT", junk["name"])]
    response = await api.post(f"{CREATE}/{session['sessionId']}/update", json={"files": [junk]})
    answer = response.json()
    assert answer["ignored"] == [{"name": junk["name"], "reason": "junk-object"}]
    assert (answer["updated"], answer["revision"]) == ([], 1)
