from __future__ import annotations

import pytest

from preview_api.backends.kubernetes.failures import redacted, translated
from preview_api.backends.kubernetes.limits import check_room, check_size
from preview_core.errors import BackendUnavailable, Capacity, PayloadTooLarge
from preview_core.filetree import File, FileTree
from preview_core.kube.errors import AlreadyExists, Expired, KubeError, NotFound, Refused, Unavailable
from preview_core.naming import new_session_id
from preview_core.objects.packing import FilesCorrupt
from preview_core.resources.runtime import PreviewRuntime, SessionLimits
from preview_core.resources.session import PreviewSession

LIMITS = SessionLimits(project_bytes=1024, project_files=2)


def tree(*sizes: int) -> FileTree:
    return FileTree(File(str(number), b"x" * size) for number, size in enumerate(sizes))


def test_a_project_within_the_limits_passes() -> None:
    check_size(tree(512, 512), LIMITS)


@pytest.mark.parametrize("found", [tree(512, 513), tree(1, 1, 1)])
def test_a_project_beyond_them_does_not(found: FileTree) -> None:
    with pytest.raises(PayloadTooLarge):
        check_size(found, LIMITS)


def test_a_project_that_was_too_large_before_may_shrink_and_not_grow() -> None:
    before = tree(1000, 1000, 1000)
    check_size(tree(1000, 1000, 999), LIMITS, before)
    with pytest.raises(PayloadTooLarge):
        check_size(tree(1000, 1000, 1001), LIMITS, before)
    with pytest.raises(PayloadTooLarge):
        check_size(tree(1, 1, 1, 1), LIMITS, before)


@pytest.mark.parametrize(("pods", "room"), [(1, True), (2, False), (3, False)])
def test_pods_up_to_the_limit(pods: int, *, room: bool) -> None:
    runtime = PreviewRuntime.model_validate(
        {"metadata": {"name": "r"}, "spec": {"image": "i", "limits": {"pods": 2}}, "status": {"pods": pods}}
    )
    if room:
        check_room(runtime)
        return
    with pytest.raises(Capacity) as error:
        check_room(runtime)
    assert error.value.retry_after


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("GET of the API server: 500"),
        Refused("GET of the API server: 403 Forbidden", status=403, message="forbidden"),
        NotFound("no such kind"),
        AlreadyExists("there"),
        Expired("410"),
        FilesCorrupt("a shard is cut off"),
    ],
)
def test_callers_are_told_to_come_again_whatever_it_was(error: KubeError | FilesCorrupt) -> None:
    with pytest.raises(BackendUnavailable) as found, translated():
        raise error
    assert found.value.retry_after
    assert str(error) not in found.value.message


def test_an_object_that_cannot_be_read_is_told_by_its_fields_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BackendUnavailable), translated():
        PreviewSession.model_validate({"metadata": {"name": "secret-name"}, "spec": {"owner": ["secret-owner"]}})
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err


def test_g38_the_id_of_a_session_is_taken_out_of_what_the_api_server_says() -> None:
    session_id = new_session_id()
    message = f'configmaps "files-{session_id}-3-00ff" is forbidden: previewsessions "{session_id}" …'
    assert redacted(message) == 'configmaps "files-<id>-3-00ff" is forbidden: previewsessions "<id>" …'
