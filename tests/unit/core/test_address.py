from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.address import PublicAddress, Scheme
from preview_core.naming import new_session_id

ID = new_session_id()


@pytest.mark.parametrize(
    ("scheme", "port", "url", "socket_url"),
    [
        ("https", None, f"https://preview-{ID}.p.example.org/", f"wss://preview-{ID}.p.example.org/hmr"),
        ("http", 8080, f"http://preview-{ID}.p.example.org:8080/", f"ws://preview-{ID}.p.example.org:8080/hmr"),
    ],
)
def test_the_addresses_of_a_preview(scheme: Scheme, port: int | None, url: str, socket_url: str) -> None:
    address = PublicAddress(scheme, "p.example.org", port)
    assert address.url(ID) == url
    assert address.socket_url(ID) == socket_url
    assert address.host(ID) == f"preview-{ID}.p.example.org"


@given(st.binary(min_size=16, max_size=16), st.sampled_from(["", ":8443", ".", ".:80"]))
def test_a_host_leads_back_to_its_session(random: bytes, tail: str) -> None:
    session_id = new_session_id(lambda _: random)
    address = PublicAddress("https", "p.example.org", 8443)
    assert address.session_id(address.host(session_id) + tail) == session_id
    assert address.session_id(address.host(session_id).upper() + tail) == session_id


@pytest.mark.parametrize(
    "host",
    [
        "",
        "p.example.org",
        f"preview-{ID}",
        f"preview-{ID}.example.org",
        f"preview-{ID}.p.example.org.evil.example",
        f"preview-{ID}.xp.example.org",
        f"x.preview-{ID}.p.example.org",
        f"preview-{ID[:-1]}.p.example.org",
        f"{ID}.p.example.org",
    ],
)
def test_any_other_host_is_no_preview(host: str) -> None:
    assert PublicAddress("https", "p.example.org").session_id(host) is None
