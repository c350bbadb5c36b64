"""What contract section 6 does not list: the rule behind its cases."""

from __future__ import annotations

import gc
import json
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.analysis.project import APP, CARD, FILES, HOOK, INSTALLED, ROOT, TREE, S, levels, replaced, report

from preview_core.analysis import analyse
from preview_core.analysis.graph import imports_of
from preview_core.batch import Incoming, apply
from preview_core.filetree import File, FileTree

CLASS = """import { Component } from 'react';
export default class Card extends Component<{ title: number }> {
  render() { return <p>{this.props.title}</p>; }
}
"""
MEMO = "const C = () => <p />;\nexport default memo(C);"


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        ("useState(0)", "useState(1)", "remount"),
        ("[count, setCount]", "[number, setCount]", "remount"),
        ("const next = () => setCount(count + 1);", "const next = () => { const x = 1; setCount(x); };", "refresh"),
        ("useState(0)", "useState<number>(0)", "noop"),
        ("useState(0)", "useState(0 as number)", "noop"),
    ],
)
def test_a_hooks_signature_decides_whether_its_users_keep_their_state(old: str, new: str, level: str) -> None:
    assert levels(replaced(S + "hooks/useCounter.ts", old, new)) == [level]


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (CLASS, CLASS.replace("<p>", "<b>").replace("</p>", "</b>"), "remount"),
        (CLASS, CLASS + "\n// more\n", "noop"),
        ("export default () => <p />;", "export default () => <b />;", "remount"),
        (
            "const C = () => <p />;\nexport default memo(C);",
            "const C = () => <b />;\nexport default memo(C);",
            "refresh",
        ),
        (
            "export default function C() { function f() { useA(); } return <p />; }",
            "export default function C() { function f() { useB(); } return <p />; }",
            "refresh",
        ),
        (
            "export const Ctx = createContext(0);\nexport default function C() { return <p />; }",
            "export const Ctx = createContext(0);\nexport default function C() { return <b />; }",
            "remount",
        ),
        ("export default function C() { return <p />; }", "export default function C() { return (<p></p>) }", "noop"),
        ("export default function C({a}: P) { return a }", "export default function C({a}: Q) { return a! }", "noop"),
        ("enum E { A }\nexport const C = () => E.A", "enum E { A, B }\nexport const C = () => E.A", "refresh"),
        ("export default () => <p>a{' '}b</p>;", "export default () => <p>\n  a b\n</p>;", "noop"),
        ("export const C = () => <p>a b</p>;", "export const C = () => <p>a  b</p>;", "refresh"),
        ("export default () => [1, 2];", "export default () => [\n  1,\n  2,\n];", "noop"),
        ("export const C = () => [1, 2];", "export const C = () => [, 1, 2];", "refresh"),
        ("export default () => ({a: 1});", "export default () => ({'a': 1});", "noop"),
        ("export default (x) => x;", "export default x => x", "noop"),
        ("import './a';\nexport const C = () => 1;", "export const C = () => 1;", "refresh"),
    ],
)
def test_an_edit_of_a_component_has_its_level(old: str, new: str, level: str) -> None:
    tree = apply(TREE, [Incoming(S + "components/a.ts", "export {}"), Incoming(S + "components/Card.tsx", old)]).tree
    assert levels({S + "components/Card.tsx": new}, tree) == [level]


def test_an_import_that_only_types_use_is_none_in_a_typed_module() -> None:
    typed = "import { Item } from './types';\n" + APP.replace("import type { Item } from './types';\n", "")
    assert levels({S + "App.tsx": typed}) == ["noop"]
    used = typed.replace("items: Item[] = []", "items: Item[] = [Item]")
    assert levels({S + "App.tsx": used}) == ["refresh"]


def test_what_no_component_takes_reloads_the_page() -> None:
    assert levels(replaced(S + "index.tsx", "'root'", "'app'")) == ["reload"]
    entry = FILES[S + "index.tsx"]
    tree = apply(TREE, [Incoming(S + "index.tsx", "import { v } from './lib/total';\n" + entry + "v();\n")]).tree
    assert levels(replaced(S + "lib/total.ts", "items.length", "2"), tree) == ["reload"]
    assert levels(replaced(S + "lib/total.ts", "items.length", "2")) == ["refresh"]


def test_a_component_that_exports_something_else_does_not_take_its_updates() -> None:
    more = APP + "export const limit = 3;\n"
    assert levels({S + "App.tsx": more}) == ["reload"]


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (".a { color: red; }", ".a{color:red}", "noop"),
        (".a { color: red; }", "/* why */ .a { color: red; }", "noop"),
        (".a { color: red; }", ".a :hover { color: red; }", "css"),
        (".a { color: red; }", ".a { color: red;", "hold"),
        (".a { color: red; }", ".a { color: red; } }", "hold"),
    ],
)
def test_a_stylesheet_is_compared_by_what_it_says(old: str, new: str, level: str) -> None:
    assert levels(replaced(S + "styles.css", old, new)) == [level]


def test_a_sass_partial_is_a_stylesheet_of_the_page() -> None:
    sources = {
        S + "styles.css": None,
        S + "styles.scss": "@use 'parts';\n.a { b { top: 0 } }",
        S + "_parts.scss": "$x: 1;",
    }
    app = {S + "App.tsx": APP.replace("styles.css", "styles.scss")}
    tree = apply(TREE, [Incoming(name, content) for name, content in {**sources, **app}.items()]).tree
    assert levels({S + "_parts.scss": "$x: 2;"}, tree) == ["css"]
    assert levels({S + "_parts.scss": "// one\n$x: 1;\n"}, tree) == ["noop"]
    assert levels({S + "styles.scss": "@use 'parts';\n.a { b { top: 0 }"}, tree) == ["hold"]


def test_a_css_module_refreshes_what_imports_it() -> None:
    names = [Incoming(S + "card.module.css", ".a { top: 0 }")]
    tree = apply(TREE, [*names, Incoming(S + "App.tsx", "import s from './card.module.css';\n" + APP)]).tree
    assert levels({S + "card.module.css": ".a { top: 1px }"}, tree) == ["refresh"]


@pytest.mark.parametrize(
    ("name", "old", "new", "level"),
    [
        ("tsconfig.json", '"strict": true', '"strict": false', "noop"),
        ("tsconfig.json", "./src/*", "./source/*", "restart"),
        ("tsconfig.json", '{ "comp', '/* why */ { "comp', "noop"),
        ("vite.config.ts", "define:", "// why\n define:", "noop"),
        ("vite.config.ts", "server: {", "resolve: { alias: { '#': '/src' } }, server: {", "restart"),
        ("vite.config.ts", "'1' }", "'1' ", "hold"),
        ("tailwind.config.js", "theme", "// why\n theme", "noop"),
        ("tailwind.config.js", "extend: {}", "extend: {", "hold"),
        ("index.html", "<body>", "<body>\n  <!-- why -->\n", "noop"),
        ("index.html", "root", "app", "reload"),
    ],
)
def test_of_a_configuration_counts_what_the_preview_honours(name: str, old: str, new: str, level: str) -> None:
    assert levels(replaced(ROOT + name, old, new)) == [level]


def test_of_an_environment_file_counts_what_a_page_may_see() -> None:
    tree = apply(TREE, [Incoming(ROOT + ".env", "VITE_A=1\nSECRET=2\n")]).tree
    assert levels({ROOT + ".env": "# why\nSECRET=3\nVITE_A='1'\n"}, tree) == ["noop"]
    assert levels({ROOT + ".env": "VITE_A=2\nSECRET=2\n"}, tree) == ["restart"]


@pytest.mark.parametrize(
    "name", ["@/components/Card", "~/components/Card", "#/components/Card", "/src/components/Card"]
)
def test_a_module_is_found_by_every_name_that_the_project_may_give_it(name: str) -> None:
    tree = apply(TREE, [Incoming(S + "App.tsx", APP.replace("./components/Card", name))]).tree
    assert levels(replaced(S + "components/Card.tsx", "m-2", "m-4"), tree) == ["refresh"]
    assert levels({S + "components/Card.tsx": None}, tree) == ["hold"]


@pytest.mark.parametrize(
    "use",
    [
        "const L = lazy(() => import('./Lazy'));",
        "export * from './Lazy';",
        "const all = import.meta.glob('./L*.tsx');",
        "const all = import.meta.glob(['./a/*.tsx', './L*.tsx'], { eager: true });",
        "const url = new URL('./Lazy.tsx', import.meta.url);",
        "const L = require('./Lazy');",
    ],
)
def test_a_module_is_reached_by_every_way_to_import_it(use: str) -> None:
    lazy = "export const Lazy = () => <p>a</p>;"
    tree = apply(TREE, [Incoming(S + "Lazy.tsx", lazy), Incoming(S + "App.tsx", f"{APP}\n{use}\n")]).tree
    assert levels({S + "Lazy.tsx": lazy.replace("a<", "b<")}, tree) == ["refresh"]


def test_an_import_of_nothing_holds_the_page() -> None:
    assert levels({S + "App.tsx": "import './nothing';\n" + APP}) == ["hold"]


def test_a_package_that_the_manifest_names_already_needs_no_installation() -> None:
    asked = json.dumps({"dependencies": {"dayjs": "^1"}})
    tree = apply(TREE, [Incoming(ROOT + "package.json", asked)]).tree
    assert levels({S + "App.tsx": "import 'dayjs/locale/de';\n" + APP}, tree) == ["refresh"]
    assert levels({S + "App.tsx": "import '@scope/x/y';\n" + APP}, tree) == ["install"]
    assert levels({S + "App.tsx": "import { z } from 'zod';\nconsole.log(z);\n" + APP}) == ["refresh"]


def test_the_reason_names_the_line_and_no_content() -> None:
    (entry,) = report({S + "App.tsx": APP.replace("<h1>Hello</h1>", "<h1>secret-text</h2>")})["changes"]
    assert "Line 14" in entry["reason"]
    assert "secret" not in entry["reason"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("src/App.tsx", "(" * 100_000),
        ("src/App.tsx", "<a>" * 20_000),
        ("src/App.tsx", "x = " + "[" * 5_000 + "]" * 5_000),
        ("src/styles.css", "(" * 100_000),
        ("src/styles.css", ".a{" * 20_000),
        ("tsconfig.json", "[" * 50_000 + "]" * 50_000),
        ("vite.config.ts", "export default " + "{define:" * 5_000 + "1" + "}" * 5_000),
        ("index.html", "<a>" * 50_000),
        ("package.json", "[" * 100_000),
    ],
)
def test_g37_what_is_nested_too_deeply_costs_no_update(name: str, content: str) -> None:
    for files in ({ROOT + name: content}, {ROOT + name: content + "\n//"}):
        assert len(report(files)["changes"]) == 1
    tree = apply(TREE, [Incoming(ROOT + name, content)]).tree
    assert len(report({ROOT + name: content.replace("(", "[", 1) + " "}, tree)["changes"]) == 1


names = st.sampled_from([*FILES, S + "new.tsx", S + "a.scss", ROOT + ".env", ROOT + "public/x.svg"])
snippets = st.sampled_from(
    ["{", "}", "(", "<", "/>", "'", "`", "import ", "from 'a'", "export default ", "=>", "@use 'x'", "\n"]
)
texts = st.one_of(
    st.text(max_size=40), st.lists(snippets, max_size=12).map("".join), st.sampled_from([APP, CARD, HOOK])
)


@settings(max_examples=200)
@given(st.dictionaries(names, st.one_of(st.none(), texts), max_size=5))
def test_every_batch_has_a_verdict_on_every_file_and_none_when_it_comes_again(files: dict[str, str | None]) -> None:
    batch = apply(TREE, [Incoming(name, content) for name, content in files.items()])
    found = analyse(batch.tree, batch.changes, INSTALLED)
    assert len(found["changes"]) == len(batch.changes)
    backend = {change["level"] for change in found["changes"]} - {"noop"} == {"backend"}
    assert (found["strategy"] == "full-deploy") == backend
    again = apply(batch.tree, [Incoming(name, content) for name, content in files.items()])
    levels = {change["level"] for change in analyse(again.tree, again.changes, INSTALLED)["changes"]}
    assert levels <= {"noop"}


edits = st.sampled_from(
    [("  return", "  // x\n  return"), (";\n", "\n"), ("'", '"'), ("{\n", "{\n\n"), (") {", "): any {")]
)


@given(
    st.sampled_from([S + "App.tsx", S + "components/Card.tsx", S + "hooks/useCounter.ts"]), st.lists(edits, max_size=5)
)
def test_layout_comments_and_types_are_no_change(path: str, made: list[tuple[str, str]]) -> None:
    text = FILES[path]
    for old, new in made:
        text = text.replace(old, new)
    assert levels({path: text}) == ["noop"]


def test_a_tree_without_an_entry_has_verdicts_too() -> None:
    tree = FileTree([File(ROOT + "notes.txt", b"x")])
    assert levels({ROOT + "notes.txt": "y"}, tree) == ["noop"]


def test_what_is_remembered_of_a_file_does_not_hold_its_content() -> None:
    file = File(S + "Once.tsx", b"import './never-asked-for-before';")
    kept = weakref.ref(file)
    assert imports_of(file).names == {"./never-asked-for-before"}
    del file
    gc.collect()
    assert kept() is None
