"""A name server of a few names, with the time to live that clusters give: it says what the test says."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field

# What CoreDNS says in most clusters.
TTL_S = 30
_A, _IN = 1, 1
_ANSWER, _NO_SUCH_NAME = 0x8400, 0x8403
_HEADER = struct.Struct(">HHHHHH")


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """`addresses`: IPv4 by name. `silent`: it answers nobody."""

    addresses: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    port: int = 0
    _transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        endpoint = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        self._transport = endpoint[0]
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        if not self.silent:
            assert self._transport is not None
            self._transport.sendto(self._answer(data), addr)

    def _answer(self, asked: bytes) -> bytes:
        name, end = _name(asked, _HEADER.size)
        (kind,) = struct.unpack_from(">H", asked, end)
        question = asked[_HEADER.size : end + 4]
        address = self.addresses.get(name)
        records = b""
        if address is not None and kind == _A:
            records = struct.pack(">HHHIH", 0xC00C, _A, _IN, TTL_S, 4) + socket.inet_aton(address)
        flags = _NO_SUCH_NAME if address is None else _ANSWER
        (identifier,) = struct.unpack_from(">H", asked)
        return _HEADER.pack(identifier, flags, 1, 1 if records else 0, 0, 0) + question + records


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A question's name, and where it ends."""
    labels = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1
