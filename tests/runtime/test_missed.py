"""What a page gets that was not there, or not yet, when something happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime
from tests.runtime.page import Page, observer
from tests.runtime.project import APP, FILES, TITLE

from preview_core.wire import HmrKind

_TITLE = "src/components/Title.tsx"


@pytest.fixture
def runtime(start: Start) -> Runtime:
    runtime = start()
    assert runtime.put(FILES).diagnostics == []
    return runtime


def test_g41_a_page_that_knows_of_everything_is_left_alone(runtime: Runtime) -> None:
    page = Page.of(runtime)
    with page.opened() as socket:
        runtime.patch({_TITLE: TITLE.replace("Hello", "One")})
        socket.until("update")
        page.loaded(socket)
        assert socket.drained() == ["update"]


def test_g41_a_page_whose_socket_was_not_open_when_an_update_was_sent_is_reloaded(runtime: Runtime) -> None:
    page = Page.of(runtime)
    runtime.patch({_TITLE: TITLE.replace("Hello", "Missed")})
    with page.opened() as socket:
        page.loaded(socket)
        socket.until("full-reload")


def test_g41_a_page_that_loads_while_the_dev_server_restarts_connects_to_the_next_one_and_is_reloaded(
    runtime: Runtime,
) -> None:
    page = Page.of(runtime)
    assert runtime.patch({".env": "VITE_NAME=new\n"}).hmr.kind == HmrKind.RESTART
    with page.opened() as socket:
        page.loaded(socket)
        socket.until("full-reload")


def test_g41_a_page_of_a_process_that_was_replaced_connects_to_the_next_one_and_is_reloaded(
    start: Start, runtime: Runtime
) -> None:
    page = Page.of(runtime)
    page.runtime = start()
    page.runtime.put(FILES)
    with page.opened() as socket:
        page.loaded(socket)
        socket.until("full-reload")


def test_g27_an_observer_stays_through_restarts_and_hears_of_them(runtime: Runtime) -> None:
    with observer(runtime) as socket:
        for number in range(3):
            assert runtime.patch({".env": f"VITE_NAME={number}\n"}).hmr.kind == HmrKind.RESTART
            socket.until("full-reload")
        runtime.patch({_TITLE: TITLE.replace("Hello", "After")})
        socket.until("update")
    assert socket.kinds() == ["full-reload"] * 3 + ["update"]
    assert runtime.status()["restarts"] == 3


def test_two_pages_of_one_session_get_the_same_and_one_that_leaves_takes_nothing_from_the_other(
    runtime: Runtime,
) -> None:
    page = Page.of(runtime)
    with page.opened() as first:
        with page.opened() as second:
            runtime.patch({_TITLE: TITLE.replace("Hello", "One")})
            assert first.until("update") == second.until("update")
        runtime.patch({_TITLE: TITLE.replace("Hello", "Two")})
        first.until("update")
        runtime.patch({"src/App.tsx": "broken <"})
        runtime.patch({"src/App.tsx": APP})
        first.until("update")
        assert first.drained() == ["update"] * 3


def test_g41_a_page_that_comes_in_the_middle_of_a_pass_hears_of_it(start: Start) -> None:
    names = [f"src/many/M{number}.ts" for number in range(60)]
    imports = "".join(f"import '../many/M{number}'\n" for number in range(60))
    runtime = start()
    many = dict.fromkeys(names, "export {}\n")
    assert runtime.put({**FILES, **many, _TITLE: imports + TITLE}).diagnostics == []
    for number in range(10):
        text = f"export const big = [{number}, {'1, ' * 3000}]\n"  # takes a moment to compile
        with ThreadPoolExecutor(1) as beside:
            passing = beside.submit(runtime.patch, dict.fromkeys(names, text))
            sleep(number * 0.01)
            page = Page.of(runtime)
            with page.opened() as socket:
                assert passing.result().hmr.kind == HmrKind.UPDATE
                page.loaded(socket)
                kinds = socket.drained()
        assert kinds or page.generation == Page.of(runtime).generation, f"{number} tens of ms into the pass"
