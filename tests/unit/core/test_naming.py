from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.naming import is_session_id, new_session_id, preview_host, session_id_of_host

ID = "abcdefghijklmnopqrstuvwxya"


@given(st.binary(min_size=16, max_size=16))
def test_an_id_is_well_formed_and_comes_back_from_its_host(random: bytes) -> None:
    session_id = new_session_id(lambda _: random)
    assert len(session_id) == 26
    assert is_session_id(session_id)
    assert session_id_of_host(preview_host(session_id, "preview.example"), "preview.example") == session_id


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_different_random_bits_give_different_ids(one: bytes, other: bytes) -> None:
    same = new_session_id(lambda _: one) == new_session_id(lambda _: other)
    assert same == (one == other)


def test_an_id_asks_for_128_random_bits() -> None:
    asked = []

    def random(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    new_session_id(random)
    assert asked == [16]


@given(st.text(max_size=40))
def test_g37_a_text_that_is_an_id_is_one_that_could_have_been_minted(text: str) -> None:
    if is_session_id(text):
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz234567")
        assert len(text) == 26


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID[:-1],
        ID + "a",
        ID.upper(),
        ID[:-1] + "b",
        "0" + ID[1:],
        ID + "\n",
        "\n" + ID,
        "../" + ID[3:],
        ID[:-1] + "á",
    ],
)
def test_g37_what_was_never_minted_is_no_id(text: str) -> None:
    assert is_session_id(ID)
    assert not is_session_id(text)


@pytest.mark.parametrize(
    "host",
    [
        f"preview-{ID}.localhost",
        f"preview-{ID}.localhost:8080",
        f"PREVIEW-{ID.upper()}.LocalHost",
        f"preview-{ID}.localhost.",
        f"preview-{ID}.localhost.:80",
    ],
)
def test_the_spellings_of_one_host_name_one_session(host: str) -> None:
    assert session_id_of_host(host, "localhost") == ID


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        f"{ID}.localhost",
        f"preview-{ID}",
        f"preview-{ID}.example",
        f"preview-{ID}.localhost.example",
        f"x.preview-{ID}.localhost",
        f"preview-{ID[:-1]}.localhost",
        f"preview-{ID}.localhost:80:90",
        "[::1]:8080",
        "127.0.0.1",
    ],
)
def test_another_host_names_no_session(host: str) -> None:
    assert session_id_of_host(host, "localhost") is None
