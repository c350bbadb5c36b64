from __future__ import annotations

import gzip
import zlib

import pytest
from starlette.types import Message

from preview_api.body import Body, Gunzip
from preview_core.errors import InvalidRequest, PayloadTooLarge

LIMIT = 1000


def chunks(*parts: bytes) -> list[Message]:
    return [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1} for index, part in enumerate(parts)
    ]


class Wire:
    """Hands out messages and remembers how many were taken."""

    def __init__(self, messages: list[Message]) -> None:
        self.left = messages

    async def receive(self) -> Message:
        return self.left.pop(0) if self.left else {"type": "http.disconnect"}


async def read(wire: Wire, encoding: bytes = b"identity", announced: int = 0) -> bytes:
    body, whole = Body(wire.receive, LIMIT, encoding, announced), b""
    while True:
        message = await body.receive()
        whole += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return whole


async def test_g34_a_body_of_exactly_the_limit_is_accepted() -> None:
    assert await read(Wire(chunks(b"x" * 600, b"y" * 400))) == b"x" * 600 + b"y" * 400


async def test_g34_one_byte_more_is_refused_and_the_rest_is_read() -> None:
    wire = Wire(chunks(b"x" * 600, b"y" * 401, b"z" * 100))
    with pytest.raises(PayloadTooLarge):
        await read(wire)
    # A caller that is still sending would not see the answer.
    assert wire.left == []


async def test_a_caller_that_never_stops_is_not_read_for_ever() -> None:
    wire = Wire(chunks(*[b"x" * 500] * 100))
    with pytest.raises(PayloadTooLarge):
        await read(wire)
    assert len(wire.left) > 90


async def test_an_announced_size_is_refused_before_reading() -> None:
    with pytest.raises(PayloadTooLarge):
        await read(Wire(chunks(b"x")), announced=LIMIT + 1)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_g34_gzip_is_accepted_in_pieces_of_any_size(size: int) -> None:
    packed = gzip.compress(b"a" * 500 + b"b" * 500)
    parts = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert await read(Wire(chunks(*parts)), b"gzip") == b"a" * 500 + b"b" * 500


async def test_g34_gzip_that_grows_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        await read(Wire(chunks(gzip.compress(b"a" * (LIMIT + 1)))), b"gzip")


async def test_two_members_are_one_body() -> None:
    assert await read(Wire(chunks(gzip.compress(b"a") + gzip.compress(b"b"))), b"gzip") == b"ab"


@pytest.mark.parametrize(
    "packed",
    [b"plain", gzip.compress(b"x" * 100)[:-5], zlib.compress(b"x"), gzip.compress(b"x") + b"junk"],
    ids=["not gzip", "cut off", "another format", "junk after it"],
)
async def test_bad_gzip_is_a_bad_request(packed: bytes) -> None:
    with pytest.raises(InvalidRequest):
        await read(Wire(chunks(packed)), b"gzip")


async def test_an_unknown_encoding_is_a_bad_request() -> None:
    with pytest.raises(InvalidRequest):
        await read(Wire(chunks(b"x")), b"br")


def test_a_bomb_is_stopped_before_it_is_in_memory() -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=9)
    with pytest.raises(PayloadTooLarge):
        Gunzip(LIMIT).feed(bomb, last=True)
