"""What goes wrong with the API server: callers are told to come again, whoever runs the cluster is told why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from pydantic import ValidationError

from preview_core.errors import BackendUnavailable
from preview_core.kube.errors import KubeError, Refused, Unavailable
from preview_core.naming import SESSION_ID_PATTERN
from preview_core.objects.packing import FilesCorrupt

log = structlog.get_logger(__name__)

RETRY_AFTER_S = 5  # an API server is restarted, or its load balancer notices, within seconds
_SESSION_ID = re.compile(SESSION_ID_PATTERN)


@contextmanager
def translated() -> Iterator[None]:
    """Around calls to the API server: raises BackendUnavailable for whatever no caller can do anything about."""
    try:
        yield
    except Unavailable as error:
        log.warning("kubernetes_away", reason=str(error))
        raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error
    except Refused as error:
        # No traceback: it would show the names of objects.
        log.error("kubernetes_refused", status=error.status, message=redacted(error.message))  # noqa: TRY400
        raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error
    except KubeError as error:
        log.error("kubernetes_unexpected", error=type(error).__name__, reason=str(error))  # noqa: TRY400 - as above
        raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error
    except FilesCorrupt as error:
        log.error("files_corrupt", reason=str(error))  # noqa: TRY400 - as above
        raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error
    except ValidationError as error:
        # Fields only: values may be anybody's.
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
        log.error("object_unreadable", kind=error.title, fields=fields)  # noqa: TRY400 - as above
        raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error


def redacted(message: str) -> str:
    """A message of the API server, which names objects, without the ids of sessions (G38)."""
    return _SESSION_ID.sub("<id>", message)
