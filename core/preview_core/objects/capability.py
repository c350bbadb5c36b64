"""Everything secret on the cluster, derived from one Secret by purpose: nothing to store, nothing to lose."""

from __future__ import annotations

import hashlib
import hmac

from preview_core.naming import new_session_id

KEY_BYTES = 32  # of a Secret that we make
SECRET_KEY = "key"  # noqa: S105 - the name of the entry in the Secret


def control_token(secret: bytes, pod: str) -> str:
    """Bearer token of the control API of one pod: knowing it opens no other pod."""
    return _derived(secret, "control", pod).hex()


def keyed_session_id(secret: bytes, idempotency_key: str, generation: int) -> str:
    """The id of the `generation`-th session (from 0) under an idempotency key.

    All replicas derive the same one, so that of any number of creates with one key the API server lets one through.
    """
    return new_session_id(lambda size: _derived(secret, "session", f"{generation}\0{idempotency_key}")[:size])


def _derived(secret: bytes, purpose: str, subject: str) -> bytes:
    return hmac.digest(secret, f"{purpose}\0{subject}".encode(), hashlib.sha256)
