from __future__ import annotations

import asyncio
import socket

import pytest

from preview_api.backends.local.sockets import PORTS, Doorkeeper, PortTaken, bind, bind_new, rebind
from preview_api.cli.output import CommandError
from preview_api.cli.up import listen


async def test_answers_are_not_held_back_by_the_kernel() -> None:
    # asyncio sets TCP_NODELAY on what a socket accepts only if that socket names its protocol; else it is 40 ms more.
    with listen("127.0.0.1", 0) as listening:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(connected, sock=listening.dup())
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await accepted
        writer.close()
        server.close()


def test_only_the_loopback_interface_is_served() -> None:
    with pytest.raises(CommandError):
        listen("0.0.0.0", 0)  # noqa: S104 - it is refused


async def test_a_port_is_bound_again_and_a_taken_one_is_told_apart() -> None:
    listening, port = bind_new()
    assert port in PORTS
    with pytest.raises(PortTaken):
        bind(port)
    listening.close()
    again = await rebind([port])
    again[port].close()


async def test_the_doorkeeper_answers_only_while_its_door_is_open_and_loses_no_connection() -> None:
    listening, port = bind_new()
    woken = asyncio.Event()
    door = Doorkeeper(listening, "preview-x.localhost", ["https://kontext.build"], woken.set)
    door.open()
    assert b"refresh" in await ask(port)
    assert woken.is_set()
    door.shut()
    # In between, connections wait in the kernel.
    pending = asyncio.create_task(ask(port))
    await asyncio.sleep(0)
    door.open()
    assert b"refresh" in await pending
    door.shut()
    listening.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_page_that_comes_while_the_door_closes_is_answered_by_whoever_opens_next(turns: int) -> None:
    listening, port = bind_new()
    door = Doorkeeper(listening, "preview-x.localhost", [], lambda: None)
    for _ in range(20):
        door.open()
        with socket.create_connection(("127.0.0.1", port)) as page:
            page.setblocking(False)
            page.send(b"GET / HTTP/1.1\r\nHost: preview-x.localhost\r\nSec-Fetch-Mode: navigate\r\n\r\n")
            for _ in range(turns):
                await asyncio.sleep(0)
            door.shut()
            door.open()
            async with asyncio.timeout(5):
                assert b"refresh" in await asyncio.get_running_loop().sock_recv(page, 65536)
        door.shut()
    listening.close()


async def ask(port: int) -> bytes:
    """A navigation's answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: preview-x.localhost\r\nSec-Fetch-Mode: navigate\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer
