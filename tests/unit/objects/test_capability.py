from __future__ import annotations

from preview_core.naming import is_session_id
from preview_core.objects.capability import control_token, keyed_session_id

SECRET = b"k" * 32


def test_a_token_opens_one_pod_under_one_secret() -> None:
    tokens = [
        control_token(SECRET, "preview-a-1"),
        control_token(SECRET, "preview-a-2"),
        control_token(b"o" * 32, "preview-a-1"),
    ]
    assert len(set(tokens)) == 3
    assert control_token(SECRET, "preview-a-1") == tokens[0]
    assert all(len(token) == 64 for token in tokens)


def test_a_key_has_a_well_formed_id_per_generation_and_no_other_key_has_it() -> None:
    ids = {keyed_session_id(SECRET, key, generation) for key in ("a", "b", "0", "1") for generation in range(20)}
    assert len(ids) == 80
    assert all(is_session_id(session_id) for session_id in ids)
    assert keyed_session_id(SECRET, "a", 0) == keyed_session_id(SECRET, "a", 0)
    assert keyed_session_id(b"o" * 32, "a", 0) not in ids


def test_what_is_derived_for_one_purpose_is_of_no_use_for_another() -> None:
    # The same bytes as subject: a pod that is called like a key must not learn the session's id.
    assert keyed_session_id(SECRET, "x", 0) not in control_token(SECRET, "0\0x")
