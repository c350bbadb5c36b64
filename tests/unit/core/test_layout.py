from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.batch import Incoming, apply
from preview_core.filetree import File, FileTree
from preview_core.layout import layout
from preview_core.wire import Layout


def tree(*paths: str, page: str | None = None, at: str = "index.html") -> FileTree:
    files = [File(path, b"") for path in paths]
    return FileTree(files if page is None else [*files, File(at, page.encode())])


def synthesised(root: str, entry: str | None, mount: bool = False) -> Layout:
    return Layout(root=root, entry=entry, index="synthesised", mount=mount)


def kept(root: str, entry: str | None) -> Layout:
    return Layout(root=root, entry=entry, index="project")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["src/frontend/src/index.tsx"], synthesised("src/frontend", "src/index.tsx")),
        (["src/frontend/src/App.tsx", "src/frontend/src/main.jsx"], synthesised("src/frontend", "src/main.jsx")),
        (["src/frontend/src/index.ts", "src/frontend/src/main.tsx"], synthesised("src/frontend", "src/main.tsx")),
        (["src/frontend/src/App.tsx"], synthesised("src/frontend", "src/App.tsx", mount=True)),
        (
            ["src/frontend/src/App.jsx", "src/frontend/package.json"],
            synthesised("src/frontend", "src/App.jsx", mount=True),
        ),
        (["src/frontend/README.md", "index.html", "src/main.tsx"], synthesised("src/frontend", None)),
        (["src/main.jsx", "package.json"], synthesised("", "src/main.jsx")),
        (["My App/src/main.jsx", "My App/package.json"], synthesised("My App", "src/main.jsx")),
        (["web/src/main.jsx"], synthesised("web", "src/main.jsx")),
        (["package.json", "web/src/main.jsx"], synthesised("", "web/src/main.jsx")),
        (["package.json", "web/package.json", "web/src/main.jsx"], synthesised("web", "src/main.jsx")),
        (
            ["server/package.json", "server/src/index.ts", "web/package.json", "web/src/main.tsx"],
            synthesised("web", "src/main.tsx"),
        ),
        (["package.json", "main.jsx", "lib/x.js"], synthesised("", "main.jsx")),
        (["src/backend/src/index.ts", "src/backend/package.json"], synthesised("", None)),
        ([], synthesised("", None)),
        (["README.md"], synthesised("", None)),
    ],
)
def test_root_and_entry_without_a_page(paths: list[str], expected: Layout) -> None:
    assert layout(tree(*paths)) == expected


SCRIPT = '<div id="root"></div><script type="module" src="{}"></script>'


@pytest.mark.parametrize(
    "source",
    [
        "/src/main.jsx",
        "src/main.jsx",
        "./src/main.jsx",
        "/src/main.jsx?v=1",
        " /src/main.jsx ",
        "/src/main",
        "/src/./main.jsx",
    ],
)
def test_a_page_is_kept_if_its_entry_resolves(source: str) -> None:
    assert layout(tree("src/main.jsx", page=SCRIPT.format(source))) == kept("", "src/main.jsx")


def test_a_page_may_start_a_module_of_any_name() -> None:
    page = "<script src='https://cdn.example/x.js' type='module'></script>" + SCRIPT.format("/js/start.js").upper()
    page = page.replace("/JS/START.JS", "/js/start.js")
    assert layout(tree("js/start.js", "src/main.jsx", page=page)) == kept("", "js/start.js")


@pytest.mark.parametrize(
    "page",
    [
        SCRIPT.format("/src/index.tsx"),
        SCRIPT.format("/src/main.tsx"),
        SCRIPT.format("https://cdn.example/src/main.jsx"),
        SCRIPT.format("//cdn.example/src/main.jsx"),
        SCRIPT.format("/../src/main.jsx/.."),
        SCRIPT.format(""),
        f"<!-- {SCRIPT.format('/src/main.jsx')} -->",
        '<script src="/src/main.jsx"></script>',
        '<script type="module"> </script>text',
        "",
        "\ud7ff<![junk[ <script",
    ],
)
def test_a_page_whose_entry_does_not_resolve_is_replaced_by_ours(page: str) -> None:
    assert layout(tree("src/main.jsx", page=page)) == synthesised("", "src/main.jsx")


def test_a_page_with_code_of_its_own_is_kept() -> None:
    page = '<script type="module">import "./src/main.jsx"</script>'
    assert layout(tree("src/main.jsx", page=page)) == kept("", "src/main.jsx")


def test_a_page_without_any_module_in_the_project_is_kept_as_it_is() -> None:
    assert layout(tree(page="<h1>static</h1>")) == kept("", None)


def test_a_broken_page_keeps_what_was_read_before_the_fault() -> None:
    assert layout(tree("src/main.jsx", page=SCRIPT.format("/src/main.jsx") + "<![junk[ x")) == kept("", "src/main.jsx")


def test_a_page_beside_the_root_is_not_the_roots_page() -> None:
    found = layout(tree("src/frontend/src/index.tsx", page=SCRIPT.format("/src/index.tsx")))
    assert found == synthesised("src/frontend", "src/index.tsx")


def test_hostile_markup_is_read_only_so_far() -> None:
    """Unbounded, this page takes Python 3.11 minutes: the time-out of the test run is the assertion."""
    assert layout(tree("src/main.jsx", page="<!--" * 1_000_000)).index == "synthesised"


@pytest.mark.parametrize("prefix", ["", "My App/", "code/My App/", "/"])
@pytest.mark.parametrize(
    ("names", "entry"),
    [
        (["src/frontend/src/index.tsx"], "src/index.tsx"),
        (["index.html", "src/main.jsx", "package.json"], "src/main.jsx"),
        (["package.json", "src/main.jsx", "index.html"], "src/main.jsx"),
    ],
)
def test_g21_what_is_posted_renders_whatever_the_spelling_of_its_names(
    prefix: str, names: list[str], entry: str
) -> None:
    contents = {"index.html": SCRIPT.format("/src/main.jsx"), "package.json": "{}"}
    posted = apply(FileTree(), [Incoming(prefix + name, contents.get(name, "")) for name in names])
    found = layout(posted.tree)
    assert found.entry == entry
    assert (found.index == "project") == ("index.html" in names)


@pytest.mark.parametrize(
    "names", [["index.tsx"], ["App.tsx", "styles.css"], ["index.html", "main.jsx"], ["src/App.jsx"]]
)
def test_g21_bare_names_render(names: list[str]) -> None:
    posted = apply(FileTree(), [Incoming(name, "") for name in names])
    assert layout(posted.tree).entry is not None


PATHS = [
    "src/frontend/src/App.tsx",
    "src/frontend/index.html",
    "index.html",
    "src/main.jsx",
    "web/src/index.ts",
    "dfx.json",
    "a/b.ts",
]


@given(st.lists(st.sampled_from(PATHS), unique=True), st.binary(max_size=60))
def test_a_layout_names_only_what_is_in_the_visible_tree(paths: list[str], content: bytes) -> None:
    files = FileTree(File(path, content) for path in paths)
    found = layout(files)
    base = f"{found.root}/" if found.root else ""
    assert found.entry is None or base + found.entry in files.visible()
    assert found.index == "synthesised" or base + "index.html" in files
    assert not found.mount or found.index == "synthesised"
    assert layout(FileTree(reversed(list(files.values())))) == found
