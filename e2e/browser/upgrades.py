"""Upgrade requests byte by byte: the ones that browsers send, and all the others."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Upgrade:
    """One request. `headers` over the usual ones of a WebSocket handshake; a value of None leaves that header out."""

    name: str
    path: str = "/hmr"
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""

    def encoded(self, host: str) -> bytes:
        """The bytes to send."""
        usual: dict[str, str | None] = {
            "Host": host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **self.headers,
        }
        lines = [f"{name}: {value}" for name, value in usual.items() if value is not None]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", ""]).encode() + self.body


async def answer(port: int, upgrade: Upgrade, host: str, seconds: float) -> int:
    """Status of the answer; 0 when the connection is closed unanswered. TimeoutError after `seconds` without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(seconds):
            writer.write(upgrade.encoded(host))
            await writer.drain()
            line = await reader.readline()
    finally:
        writer.close()
    return int(line.split()[1]) if line else 0


async def close_answer(port: int, upgrade: Upgrade, host: str, seconds: float) -> int | None:
    """Upgrade, then close without a status: the status of the close frame that comes back, None when it has none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(seconds):
            writer.write(upgrade.encoded(host))
            await reader.readuntil(b"\r\n\r\n")
            # 0x88: the last frame, of kind close. 0x80: masked, no payload. Then the mask.
            writer.write(b"\x88\x80" + os.urandom(4))
            while True:
                kind, payload = await _frame(reader)
                if kind == 0x8:
                    return int.from_bytes(payload[:2], "big") if payload else None
    finally:
        writer.close()


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Kind and payload of one unmasked frame."""
    first, length = await reader.readexactly(2)
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    elif length == 127:
        length = int.from_bytes(await reader.readexactly(8), "big")
    return first & 0x0F, await reader.readexactly(length)
