"""Contract, section 5: junk, and files in disguise. Only what is certain is touched."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.content import JUNK, JunkContent, UnusableContent, decode, refuse_damage

APP = "src/frontend/src/App.tsx"
CODE = "import React from 'react';\n\nexport default function App() {\n  return <h1>Hi</h1>;\n}\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
SAMPLES = {
    "a.png": PNG,
    "a.jpg": JPEG,
    "a.gif": b"GIF89a\x01\0",
    "a.webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "a.avif": b"\0\0\0\x20ftypavif\0",
    "a.ico": b"\0\0\1\0\1\0",
    "a.bmp": b"BM\x10\0",
    "a.woff": b"wOFF\0\1\0\0",
    "a.woff2": b"wOF2\0\1\0\0",
    "a.ttf": b"\0\1\0\0\0\x0c",
    "a.otf": b"OTTO\0\x0c",
    "a.mp3": b"ID3\3\0",
    "a.mp4": b"\0\0\0\x20ftypisom",
    "a.webm": b"\x1a\x45\xdf\xa3\1",
    "a.pdf": b"%PDF-1.7\n\xe2",
}


def stored(path: str, content: str, previous: bytes | None) -> bytes:
    """The content in place of `previous`; None: there was no such file."""
    found = decode(path, content)
    if previous is not None:
        refuse_damage(path, found, previous)
    return found


def junk(path: str, content: str, previous: bytes | None = None) -> str | None:
    """The reason for which a content is skipped; None when it is kept."""
    try:
        stored(path, content, previous)
    except JunkContent as error:
        found = error.reason
    else:
        return None
    assert found in JUNK
    return found


def decimals(content: bytes) -> str:
    return ",".join(map(str, content))


def in_json(content: bytes) -> str:
    return json.dumps({"type": "Buffer", "data": list(content)}, separators=(",", ":"))


def by_index(content: bytes) -> str:
    return json.dumps({str(at): byte for at, byte in enumerate(content)})


@pytest.mark.parametrize("path", SAMPLES)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda content: base64.b64encode(content).decode(),
        lambda content: base64.encodebytes(content).decode(),
        lambda content: "data:image/x;base64," + base64.b64encode(content).decode(),
        lambda content: "data:application/octet-stream;name=a.b;base64," + base64.b64encode(content).decode() + "\n",
        lambda content: content.decode("latin-1"),
        decimals,
        in_json,
        by_index,
    ],
    ids=[
        "base64",
        "base64 in lines",
        "data URL",
        "data URL with a parameter",
        "latin-1",
        "decimals",
        "Buffer",
        "index",
    ],
)
def test_a_binary_file_in_any_disguise_is_its_bytes(path: str, wrap: object) -> None:
    assert callable(wrap)
    assert decode(path, wrap(SAMPLES[path])) == SAMPLES[path]


def test_an_image_of_another_kind_than_its_name_says_is_an_image_all_the_same() -> None:
    assert decode("logo.png", base64.b64encode(JPEG).decode()) == JPEG


def test_a_list_of_bytes_that_are_no_image_is_junk_in_the_place_of_one() -> None:
    assert junk("a.png", "0,97,115,109") == "junk-bytes"


@pytest.mark.parametrize("content", ["", "not an image", "\ufffdPNG\r\n", "aGVsbG8=", "300,1"])
def test_what_is_no_image_never_takes_the_place_of_one_that_is(content: str) -> None:
    assert junk("a.png", content, PNG) == "junk-binary"
    assert junk("a.png", content, b"no image either") is None
    assert junk("a.png", content) is None


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(SVG.encode()).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode(),
        "data:image/svg+xml;utf8,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E%3Cpath d=%22M0 0%22/%3E%3C/svg%3E",
        "data:image/svg+xml," + SVG,
        decimals(SVG.encode()),
        SVG,
    ],
)
def test_an_svg_in_any_disguise_is_its_text(content: str) -> None:
    assert decode("public/logo.svg", content).decode() == SVG


@pytest.mark.parametrize(
    "content",
    [
        f"```tsx\n{CODE}```",
        f"```\n{CODE}```\n",
        f"\n\n```tsx src/App.tsx\n{CODE}```\n\n",
        f"```typescript\r\n{CODE}```",
        f"````tsx\n{CODE}````",
        "\ufeff" + CODE,
        f"\ufeff```tsx\n{CODE}```",
        json.dumps(CODE),
        json.dumps(f"```tsx\n{CODE}```"),
        f"```json\n{json.dumps(CODE)}\n```",
        decimals(CODE.encode()),
        in_json(CODE.encode()),
        by_index(CODE.encode()),
    ],
)
def test_what_is_wrapped_around_a_source_file_is_taken_off(content: str) -> None:
    assert decode(APP, content).decode() == CODE


def test_windows_line_ends_stay() -> None:
    windows = CODE.replace("\n", "\r\n")
    assert decode(APP, windows).decode() == windows
    assert decode(APP, f"```tsx\r\n{windows}```\r\n").decode() == windows


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (APP, '"use strict"'),
        (APP, '"one\\ntwo" + "three"'),
        (APP, '"a\\nb"\nexport {}'),
        (APP, "1, 2"),
        (APP, "aGVsbG8="),
        (APP, "const fence = `\n\\`\\`\\`js\n\\`\\`\\``\n"),
        (APP, "```tsx\nconst a = 1\n```\nand then\n```css\na {}\n```"),
        (APP, "```tsx\nconst a = 1\n```\nThis is the component."),
        (APP, "// The content of this file is loaded by the router\nexport {}\n"),
        (APP, "// TODO: loading state for this list\n"),
        (APP, "// Card\n"),
        (APP, ""),
        (APP, "  \n"),
        (APP, "const text = '[object Object]'"),
        ("a.json", '"one\\ntwo"'),
        ("a.json", "null"),
        ("a.json", "[1,2,3,4,5]"),
        ("a.json", '{"0":1}'),
        ("README.md", "```sh\nnpm install\n```"),
        ("README.md", "```sh\nnpm install"),
        ("README.md", json.dumps("# Title\n\nText")),
        ("data.csv", "1,2,3,4,5,6"),
        ("a.txt", "undefined"),
        ("a.svg", "PHN2Zz4"),
    ],
)
def test_what_may_be_meant_stays_as_it_is(path: str, content: str) -> None:
    assert decode(path, content).decode() == content
    assert stored(path, content, CODE.encode()).decode() == content


@pytest.mark.parametrize(
    "content",
    [
        "// File detected - content incoming...",
        "// File detected - content incoming...\n",
        "/* File detected - content incoming... */",
        "{/* Content incoming… */}",
        "<!-- content loading -->",
        "// Loading...",
        "// Loading component...",
        "// Generating App.tsx...",
        "// Waiting for content",
        "// Code is being generated",
        "/**\n * File content pending...\n */\n",
        "// App.tsx\n// Content is being streamed...\n",
    ],
)
@pytest.mark.parametrize(
    "path", [APP, "src/frontend/src/styles.css", "package.json", "index.html", "README.md", "a.png"]
)
def test_a_comment_that_says_that_content_will_come_is_a_placeholder(path: str, content: str) -> None:
    assert junk(path, content) == "junk-placeholder"


@pytest.mark.parametrize("content", ["[object Object]", " [object Promise]\n", "[object Object],[object Object]"])
@pytest.mark.parametrize("path", [APP, "README.md", "a.png", "package.json"])
def test_the_name_of_an_object_is_no_file(path: str, content: str) -> None:
    assert junk(path, content) == "junk-object"


@pytest.mark.parametrize("content", ["undefined", "NaN", "```tsx\n[object Object]\n```", "```\nundefined\n```"])
def test_the_text_of_nothing_is_no_source_file_in_a_fence_neither(content: str) -> None:
    assert junk(APP, content) == "junk-object"


def test_bytes_that_are_no_text_are_no_source_file() -> None:
    assert junk(APP, decimals(PNG)) == "junk-bytes"
    assert junk("src/a.css", "0,1,2,3") == "junk-bytes"


@pytest.mark.parametrize(
    "content", ["```tsx", "```tsx\n", f"```tsx\n{CODE}", f"```tsx\n{CODE}``", json.dumps(f"```\n{CODE}")]
)
def test_a_fence_that_is_not_closed_is_unfinished(content: str) -> None:
    assert junk(APP, content) == "junk-unfinished"


@pytest.mark.parametrize("end", ["import Rea", "import React from 'react';\n\nexport defau"])
def test_the_beginning_of_what_is_there_cut_within_a_word_is_unfinished(end: str) -> None:
    assert junk(APP, end, CODE.encode()) == "junk-unfinished"
    assert junk(APP, end) is None


@pytest.mark.parametrize(
    ("content", "previous"),
    [
        ("a {}\nb {}\n", "a {}\nb {}\nc {}\n"),  # whole lines went
        ("a {}\nb {}", "a {}\nb {}\n"),  # the last line end went
        ("a {}", "a {} b {}\nc {}\n"),  # whole words went
        ("export default App", "export default App2\n"),  # the last line alone changed
        ("export { a", "export { b }\nexport { c }\n"),  # another text
        ("", "a\nb\n"),
    ],
)
def test_an_edit_that_shortens_a_file_is_an_edit(content: str, previous: str) -> None:
    assert stored("src/a.css", content, previous.encode()) == content.encode()


def test_a_json_text_with_half_a_character_stays_as_it_was_sent() -> None:
    content = '"a\\n\\ud800b"'
    assert decode(APP, content).decode() == content


def test_a_surrogate_is_refused() -> None:
    with pytest.raises(UnusableContent):
        decode(APP, "\ud800")


paths = st.sampled_from([APP, "a.css", "a.json", "a.svg", "a.png", "a.woff2", "a.md", "index.html", "x.mo"])
pieces = st.sampled_from(
    [
        '"',
        "`",
        "```",
        "```tsx\n",
        "\n",
        "\\n",
        "1,",
        "0,97,115",
        "[object Object]",
        "// ",
        "content incoming",
        "...",
        "\ufeff",
    ]
)
texts = st.one_of(st.text(), st.lists(pieces, max_size=8).map("".join), st.text().map(json.dumps))


@given(paths, texts, st.one_of(st.none(), st.binary(), texts.map(lambda text: text.encode("utf-8", "replace"))))
def test_every_text_is_bytes_or_junk_and_what_came_out_stays_itself(path: str, text: str, old: bytes | None) -> None:
    try:
        first = stored(path, text, old)
    except (JunkContent, UnusableContent):
        return
    if not path.endswith((".png", ".woff2")):
        assert stored(path, first.decode(), first) == first


@given(st.binary(min_size=4), st.sampled_from([decimals, in_json, by_index]))
def test_a_text_as_a_list_of_its_bytes_is_never_kept_as_that_list(content: bytes, wrap: object) -> None:
    assert callable(wrap)
    wrapped = wrap(content)
    with suppress(JunkContent):
        assert decode(APP, wrapped) != wrapped.encode()
