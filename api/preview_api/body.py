"""The limit on bodies, as ASGI middleware: on the wire and after decompression, and in no more memory than that."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preview_core.errors import InvalidRequest, PayloadTooLarge

GZIP = 16 + zlib.MAX_WBITS
# Decompressed at a time: a small body can expand a thousandfold.
PIECE_BYTES = 1024 * 1024
# A caller that is still sending does not see an answer. So what is too much is read and dropped for a while, as much
# again as is allowed, and not for long.
DRAIN_FACTOR = 1
DRAIN_S = 10.0


class BodyLimit:
    """Raises PayloadTooLarge and InvalidRequest out of `receive`, for the application's error handlers."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        await self._app(scope, Body(receive, self._limit, encoding, _announced(headers)).receive, send)


def _announced(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


@dataclass
class Body:
    """One request's body. `announced`: its Content-Length, 0 without one."""

    incoming: Receive
    limit: int
    encoding: bytes
    announced: int
    wire_bytes: int = 0
    gunzip: Gunzip | None = field(default=None, init=False)
    started: bool = False

    async def receive(self) -> Message:
        """The next ASGI message, with decompressed content."""
        if not self.started:
            await self._start()
        message = await self.incoming()
        if message["type"] != "http.request":
            return message
        data = message.get("body", b"")
        self.wire_bytes += len(data)
        if self.wire_bytes > self.limit:
            await self._refuse(message)
        if self.gunzip is None:
            return message
        try:
            plain = self.gunzip.feed(data, last=not message.get("more_body", False))
        except PayloadTooLarge:
            await self._refuse(message)
            raise
        return {**message, "body": plain}

    async def _start(self) -> None:
        self.started = True
        if self.announced > self.limit:
            await self._refuse({"more_body": True})
        if self.encoding == b"gzip":
            self.gunzip = Gunzip(self.limit)
        elif self.encoding != b"identity":
            raise InvalidRequest("The Content-Encoding must be gzip or absent")

    async def _refuse(self, message: dict[str, object] | Message) -> None:
        deadline = time.monotonic() + DRAIN_S
        dropped = 0
        more = message.get("more_body", False)
        while more and dropped <= self.limit * DRAIN_FACTOR and time.monotonic() < deadline:
            drained = await self.incoming()
            if drained["type"] != "http.request":
                break
            dropped += len(drained.get("body", b""))
            more = drained.get("more_body", False)
        raise PayloadTooLarge(f"The body is larger than {self.limit} bytes")


class Gunzip:
    """Streaming, bounded, several members allowed (as in `cat a.gz b.gz`)."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._stream = zlib.decompressobj(GZIP)
        self._fed = False

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """The plain bytes of `data`. Raises PayloadTooLarge, and InvalidRequest for what is not (all of) gzip."""
        pieces: list[bytes] = []
        try:
            while data:
                if self._stream.eof:
                    self._stream = zlib.decompressobj(GZIP)
                piece = self._stream.decompress(data, min(PIECE_BYTES, self._left + 1))
                self._fed = True
                self._left -= len(piece)
                if self._left < 0:
                    raise PayloadTooLarge
                pieces.append(piece)
                data = self._stream.unconsumed_tail or self._stream.unused_data
        except zlib.error as error:
            raise InvalidRequest("The body is not valid gzip") from error
        if last and self._fed and not self._stream.eof:
            raise InvalidRequest("The gzip body is cut off")
        return b"".join(pieces)
