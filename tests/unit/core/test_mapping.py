"""Contract, section 5. The stand-in names below are pieces that a caller's names are made of, mixed at random."""

from __future__ import annotations

import posixpath
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preview_core.mapping import MAX_NAME, UnusableName, ignored_reason, map_name, map_names

STUDIO = frozenset(
    {
        "src/backend/src/main.mo",
        "src/frontend/package.json",
        "src/frontend/tailwind.config.js",
        "src/frontend/candid/app.did.js",
        "src/frontend/src/index.tsx",
        "src/frontend/src/App.tsx",
        "src/frontend/src/styles.css",
        "src/frontend/src/components/Card.tsx",
        "src/frontend/src/components/index.ts",
        "src/frontend/src/hooks/index.ts",
        "dfx.json",
    }
)
PLAIN = frozenset({"index.html", "package.json", "vite.config.ts", "src/main.jsx", "src/App.jsx", "src/ui/Card.jsx"})
PREFIXED = frozenset(f"My App/{path}" for path in PLAIN)
TWO_PROJECTS = frozenset({*(f"web/{path}" for path in PLAIN), "server/package.json", "server/src/index.ts"})

SEGMENTS = [
    *("src", "frontend", "backend", "components", "hooks", "lib", "server", "web", "public", "node_modules", ".git"),
    *("App.tsx", "App.jsx", "Card.tsx", "index.ts", "index.html", "package.json", "main.jsx", "main.mo", "dfx.json"),
    *("vite.config.ts", "styles.css", "README.md", ".", "..", "C:", "é", "e\u0301", "My\u00a0App", ""),
]
DECORATIONS = ["/", "./", "Complete file: ", "code/My App/", "\\", " "]
names = st.one_of(
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=6).map("/".join),
    st.tuples(st.sampled_from(DECORATIONS), st.sampled_from(sorted(STUDIO | PLAIN))).map("".join),
    st.text(max_size=30),
)
batches = st.lists(names, max_size=12)


def tree_of(batch: list[str], existing: frozenset[str] = frozenset()) -> frozenset[str]:
    return existing | {path for path in map_names(batch, existing) if isinstance(path, str)}


trees = st.one_of(st.sampled_from([frozenset[str](), STUDIO, PLAIN, PREFIXED, TWO_PROJECTS]), batches.map(tree_of))


@settings(max_examples=400)
@given(names, trees, batches)
@example("x.tsx", frozenset({"lib/src/x.tsx", "lib/y/x.tsx", "src/main.tsx", "index.html"}), [])
@example("frontend/y.ts", frozenset({"x/src/index.html", "x/src/main.js"}), [])
def test_a_mapped_path_maps_to_itself(name: str, tree: frozenset[str], later: list[str]) -> None:
    try:
        path = map_name(name, tree)
    except UnusableName:
        return
    assert map_name(path, tree) == path
    assert map_name(path, tree | {path}) == path
    assert map_name(path, tree_of(later, tree | {path})) == path


@settings(max_examples=200)
@given(names, trees, trees)
def test_a_path_of_the_front_or_back_end_maps_to_itself_whatever_the_tree(
    name: str, tree: frozenset[str], other: frozenset[str]
) -> None:
    try:
        path = map_name("src/frontend/" + name, tree)
    except UnusableName:
        return
    assert path.startswith("src/frontend/")
    assert map_name(path, other) == path


@settings(max_examples=400)
@given(batches, trees)
def test_an_update_finds_each_file_where_its_create_put_it(batch: list[str], tree: frozenset[str]) -> None:
    """The same names against the tree that the batch made: what makes posting a project twice a no-op (G23)."""
    answers = map_names(batch, tree)
    after = tree | {path for path in answers if isinstance(path, str)}
    for name, path in zip(batch, answers, strict=True):
        if isinstance(path, UnusableName):
            with pytest.raises(UnusableName):
                map_name(name, after)
        else:
            assert map_name(name, after) == path


@settings(max_examples=200)
@given(batches, trees, st.randoms(use_true_random=False))
def test_the_order_of_a_batch_does_not_matter(batch: list[str], tree: frozenset[str], order: random.Random) -> None:
    shuffled = order.sample(batch, len(batch))
    assert dict(zip(batch, map(str, map_names(batch, tree)), strict=True)) == dict(
        zip(shuffled, map(str, map_names(shuffled, tree)), strict=True)
    )


FUZZ = [
    *SEGMENTS,
    "\0",
    "\n",
    "\x7f",
    "\ud800",
    "...",
    "..\\",
    "%2e%2e",
    "a" * 256,
    "ä" * 128,
    "NODE_MODULES",
    ".Git",
    "．．",
]


def test_g37_ten_thousand_fuzzed_names_stay_inside_the_root_or_are_refused(tmp_path: Path) -> None:
    chance = random.Random(37)  # noqa: S311 - a fixed seed, so that a failure repeats
    root = tmp_path.resolve()
    kept = 0
    for _ in range(10_000):
        parts = chance.choices(FUZZ, k=chance.randint(1, 8))
        name = chance.choice(["", "/", "//", "./", "C:\\", "~/", "file://"]) + chance.choice("/\\").join(parts)
        try:
            path = map_name(name, chance.choice([frozenset[str](), STUDIO, PLAIN, PREFIXED]))
        except UnusableName:
            continue
        kept += 1
        assert (root / path).resolve().is_relative_to(root)
        assert (root / path).resolve() != root
        assert posixpath.normpath(path) == path
        assert not path.startswith("/")
        assert len(path) <= MAX_NAME
        assert unicodedata.normalize("NFC", path) == path
        assert not {"node_modules", ".git", "..", ""} & {segment.casefold() for segment in path.split("/")}
        path.encode()
    assert kept > 1000  # or the test would prove nothing


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("./", "empty"),
        ("Complete file:", "empty"),
        ("../x.ts", "traversal"),
        ("src/frontend/../../x.ts", "traversal"),
        ("a\\..\\b.ts", "traversal"),
        ("a\0.ts", "nul"),
        ("a\n.ts", "control-character"),
        ("a\x85.ts", "control-character"),
        ("C:\\a.ts", "drive-letter"),
        ("C:/Users/x/src/frontend/src/App.tsx", "drive-letter"),
        ("a" * 1025, "too-long"),
        ("a" * 256 + ".ts", "too-long"),
        ("src/" + "é" * 128, "too-long"),
        ("node_modules/react/index.js", "reserved"),
        ("src/frontend/Node_Modules/x.js", "reserved"),
        ("node_modules/x/src/frontend/y.ts", "reserved"),
        (".git/config", "reserved"),
        ("a/.kontext-preview-entry.js", "reserved"),
        ("src/\ud800.ts", "encoding"),
        ("src/components/", "directory"),
        ("src/components/.", "directory"),
        ("src/frontend", "directory"),
        ("My App/src//backend", "directory"),
    ],
)
def test_g37_a_name_without_a_place_is_refused_with_its_reason(name: str, reason: str) -> None:
    for tree in (frozenset[str](), STUDIO, PREFIXED):
        with pytest.raises(UnusableName) as caught:
            map_name(name, tree)
        assert caught.value.reason == reason


def test_g37_a_name_that_is_too_long_only_at_its_place_is_refused() -> None:
    name = "a/" * 511 + "b"
    assert map_name(name, []) == name
    with pytest.raises(UnusableName, match="too-long"):
        map_name(name, PREFIXED)


APP = "src/frontend/src/App.tsx"


@pytest.mark.parametrize(
    "name",
    [
        APP,
        "/" + APP,
        "./" + APP,
        ".//" + APP,
        APP.replace("/", "\\"),
        "Complete file: " + APP,
        "complete file:./" + APP,
        "**Complete file:** `" + APP + "`",
        "### Complete file: " + APP,
        "`" + APP + "`",
        " " + APP + " ",
        "My App/" + APP,
        "mein täglicher plan/" + APP,
        "code/My App/" + APP,
        "src/frontend//src/./App.tsx",
        "App.tsx",
        "src/App.tsx",
    ],
)
def test_the_spellings_of_one_file_have_one_target(name: str) -> None:
    assert map_name(name, STUDIO) == APP
    assert map_names([name, "src/frontend/src/index.tsx"], [])[0] == APP


# What agents and exports put before a project, and what they write before a name.
PREFIXES = [
    "",
    "My App/",
    "my-app/",
    "code/My App/",
    "Mein täglicher Plan/",
    "Mein ta\u0308glicher Plan/",
    "日本/",
    "a/b/c/",
]
SPELLINGS = ["{}", "/{}", "./{}", "Complete file: {}", "complete file:{}", "`{}`", " {} "]
FULL = sorted(STUDIO - {"dfx.json"})


@given(st.sampled_from(PREFIXES), st.sampled_from(PREFIXES), st.data())
def test_a_create_and_an_update_agree_on_every_file_whatever_precedes_its_name(
    create: str, update: str, data: st.DataObject
) -> None:
    created = map_names([data.draw(st.sampled_from(SPELLINGS)).format(create + path) for path in FULL], [])
    assert created == FULL
    names = data.draw(st.lists(st.sampled_from(FULL), unique=True))
    sent = [data.draw(st.sampled_from(SPELLINGS)).format(update + path) for path in names]
    assert map_names(sent, FULL) == names
    assert [map_name(name.replace("/", "\\"), FULL) for name in sent] == names


@pytest.mark.parametrize("prefix", ["", "My App/", "code/My App/", "my-app/", "日本/"])
@pytest.mark.parametrize(
    "project",
    [
        sorted(PLAIN),
        ["index.html", "package.json", "src/App.js", "src/main.js"],
        ["index.html", "package.json", "src/App.jsx", "src/components/My Card.jsx", "src/main.jsx", "src/ページ.jsx"],
        [
            "index.html",
            "package.json",
            "public/logo.svg",
            "src/App.tsx",
            "src/lib/utils.ts",
            "src/main.tsx",
            "vite.config.js",
        ],
        ["package.json", "public/index.html", "src/App.js", "src/index.js"],
    ],
)
def test_a_plain_project_stays_whole_and_is_found_with_its_folder_and_without(project: list[str], prefix: str) -> None:
    created = map_names([prefix + path for path in project], [])
    assert created == [prefix + path for path in project]
    assert map_names([prefix + path for path in project], [str(path) for path in created]) == created
    assert map_names(project, [str(path) for path in created]) == created


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert map_name("src/frontend/src/Cafe\u0301.tsx", []) == map_name("src/frontend/src/Caf\u00e9.tsx", [])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Card.tsx", "src/frontend/src/components/Card.tsx"),
        ("components/Card.tsx", "src/frontend/src/components/Card.tsx"),
        ("app.did.js", "src/frontend/candid/app.did.js"),
        ("main.mo", "src/backend/src/main.mo"),
        ("index.ts", "src/frontend/src/index.ts"),  # two files end so: a new one
        ("New.tsx", "src/frontend/src/New.tsx"),
        ("theme.css", "src/frontend/src/theme.css"),
        ("package.json", "src/frontend/package.json"),
        ("index.html", "src/frontend/index.html"),
        ("postcss.config.cjs", "src/frontend/postcss.config.cjs"),
        ("components/New.tsx", "src/frontend/src/components/New.tsx"),
        ("pages/New.tsx", "src/frontend/src/pages/New.tsx"),
        ("src/pages/New.tsx", "src/frontend/src/pages/New.tsx"),
        ("public/logo.svg", "src/frontend/public/logo.svg"),
        ("candid/new.did.js", "src/frontend/candid/new.did.js"),
        ("src/declarations/app/index.js", "src/declarations/app/index.js"),
        ("My App/src/backend/src/new.mo", "src/backend/src/new.mo"),
        ("README.md", "README.md"),
        ("dfx.json", "dfx.json"),
    ],
)
def test_a_name_in_an_icpstudio_project(name: str, path: str) -> None:
    assert map_name(name, STUDIO) == path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("App.jsx", "src/App.jsx"),
        ("Card.jsx", "src/ui/Card.jsx"),
        ("ui/Card.jsx", "src/ui/Card.jsx"),
        ("New.jsx", "src/New.jsx"),
        ("src/New.jsx", "src/New.jsx"),
        ("src/pages/New.jsx", "src/pages/New.jsx"),
        ("package.json", "package.json"),
        ("tailwind.config.js", "tailwind.config.js"),
        ("public/logo.svg", "public/logo.svg"),
        ("src/backend/src/main.mo", "src/backend/src/main.mo"),
    ],
)
def test_a_name_in_a_plain_vite_project_goes_to_its_root(name: str, path: str) -> None:
    assert map_name(name, PLAIN) == path
    prefixed = path if path.startswith("src/backend/") else f"My App/{path}"
    assert map_name(name, PREFIXED) == prefixed
    assert map_name(prefixed, PREFIXED) == prefixed


def test_a_file_beside_the_front_end_does_not_make_a_name_ambiguous() -> None:
    assert map_name("Card.tsx", STUDIO | {"docs/Card.tsx"}) == "src/frontend/src/components/Card.tsx"


def test_bare_names_of_a_project_beside_another_go_to_the_page() -> None:
    assert map_name("package.json", TWO_PROJECTS) == "web/package.json"
    assert map_name("New.jsx", TWO_PROJECTS) == "web/src/New.jsx"
    assert map_name("server/new.ts", TWO_PROJECTS) == "server/new.ts"


@pytest.mark.parametrize(
    "batch",
    [
        ["index.html", "src/main.jsx", "package.json"],
        ["package.json", "index.html", "vite.config.ts", "src/main.tsx", "src/App.tsx", "public/a.svg", "README.md"],
        ["index.html", "package.json", "js/app.js"],
        ["index.html", "package.json", "main.jsx", "components/Card.jsx"],
        ["My App/package.json", "My App/index.html", "My App/src/main.jsx"],
        ["package.json", "server/package.json", "index.html", "src/main.jsx", "src/api/index.ts", "src/index.css"],
    ],
)
def test_the_paths_of_a_plain_vite_project_stay_as_they_are(batch: list[str]) -> None:
    assert map_names(batch, []) == batch


@pytest.mark.parametrize("tree", [frozenset[str](), STUDIO])
def test_bare_names_alone_make_an_icpstudio_project(tree: frozenset[str]) -> None:
    assert map_names(["index.tsx", "App.tsx", "styles.css", "package.json", "lib/util.ts"], tree) == [
        "src/frontend/src/index.tsx",
        "src/frontend/src/App.tsx",
        "src/frontend/src/styles.css",
        "src/frontend/package.json",
        "src/frontend/src/lib/util.ts",
    ]


def test_two_files_of_one_batch_never_fall_together_because_one_name_ends_in_the_other() -> None:
    batch = ["index.ts", "hooks/index.ts", "components/index.ts", "App.tsx"]
    assert len({str(path) for path in map_names(batch, [])}) == len(batch)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("src/backend/src/main.mo", "backend"),
        ("src/backend/README.md", "backend"),
        ("main.mo", "backend"),
        ("a.WASM", "backend"),
        ("dfx.json", "backend"),
        ("mops.toml", "backend"),
        ("src/frontend/candid/a.did", "candid"),
        ("src/frontend/package-lock.json", "lockfile"),
        ("yarn.lock", "lockfile"),
        ("src/frontend/candid/a.did.js", None),
        ("src/frontend/candid/a.did.d.ts", None),
        ("src/frontend/src/backend/api.ts", None),
        ("src/frontend/package.json", None),
        ("src/frontend/src/lock.json", None),
    ],
)
def test_what_vite_never_sees(path: str, reason: str | None) -> None:
    assert ignored_reason(path) == reason
