"""Stylesheets for Tailwind 4, which the runtime brings, beside the catalogue's Tailwind 3."""

from __future__ import annotations

import json

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime, of_styles
from tests.runtime.project import APP, CSS, FILES, TITLE

from preview_core.wire import HmrKind, Layout, Outcome

CSS4 = '@import "tailwindcss";\n@theme { --color-brand: rgb(1, 2, 3); }\n.accent { color: rgb(9, 9, 9) }\n'
BRANDED = APP.replace("p-2", "p-2 text-brand")
MANIFEST4 = json.dumps({"dependencies": {"tailwindcss": "^4.1.0"}})


def project(css: str = CSS4, **more: str) -> dict[str, str]:
    """The small project with a stylesheet for Tailwind 4; names in `more` have `__` for their folders."""
    return {**FILES, "src/App.tsx": BRANDED, "src/styles.css": css, **more}


def styles(runtime: Runtime) -> str:
    """The text of the stylesheet, as its module holds it."""
    return runtime.get("/src/styles.css").body.replace("\\n", "\n").replace('\\"', '"')


@pytest.fixture
def runtime(start: Start) -> Runtime:
    runtime = start()
    assert runtime.put(project()).diagnostics == []
    return runtime


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"postcss.config.mjs": 'export default { plugins: { "@tailwindcss/postcss": {} } }'},
        {"postcss.config.js": 'import tailwind from "@tailwindcss/postcss"\nexport default { plugins: [tailwind()] }'},
        {"postcss.config.cjs": 'module.exports = { plugins: [require("@tailwindcss/postcss")] }'},
        {"postcss.config.js": "module.exports = { plugins: { tailwindcss: {}, autoprefixer: {} } }"},
        {"vite.config.ts": 'import tailwindcss from "@tailwindcss/vite"\nexport default { plugins: [tailwindcss()] }'},
        {"package.json": json.dumps({"devDependencies": {"tailwindcss": "^3.4.0"}})},
    ],
    ids=["nothing", "postcss, by name", "postcss, esm", "postcss, cjs", "a config for 3", "vite", "a manifest for 3"],
)
def test_g18_a_stylesheet_for_tailwind_4_renders_whatever_is_beside_it(start: Start, files: dict[str, str]) -> None:
    runtime = start()
    assert runtime.put({**project(), **files}).diagnostics == []
    assert runtime.control("GET", "/readyz").status == 200
    css = styles(runtime)
    assert "--color-brand: rgb(1, 2, 3)" in css
    assert ".text-brand" in css
    assert "@theme" not in css


@pytest.mark.parametrize(
    ("css", "files", "computed"),
    [
        ('@import "tailwindcss/theme" layer(theme);\n@import "tailwindcss/utilities" layer(utilities);', {}, ".p-2"),
        ("@import 'tailwindcss/preflight' layer(base);\n@tailwind utilities;", {}, "box-sizing: border-box"),
        ('@import "tailwindcss";\n@utility glow { box-shadow: 0 0 7px red; }', {"src/a.ts": "'glow'"}, "0 0 7px red"),
        ('@import "tailwindcss" source(none);\n@source "./only";', {"src/only/a.ts": "'p-[31px]'"}, "padding: 31px"),
        ('@import "tailwindcss";\n@source inline("m-[32px]");', {}, "margin: 32px"),
        ('@import "tailwindcss";\n.x { @apply p-[33px]; }', {}, "padding: 33px"),
        (
            '@import "tailwindcss";\n@custom-variant wide (@media (min-width: 34px));',
            {"src/a.ts": "'wide:p-1'"},
            "34px",
        ),
        ('@import "./base.css";', {"src/base.css": CSS4}, ".text-brand"),
        ('@import "tailwindcss";\n@import "./more.css";', {"src/more.css": ".x { @apply p-[35px] }"}, "padding: 35px"),
        ('@import "tailwindcss";\n@import "./a/b.css";', {"src/a/b.css": ".x { background: url(i.png) }"}, "a/i.png"),
        ('@import "tailwindcss";\n@import "tw-animate-css";', {"src/a.ts": "'animate-in'"}, ".animate-in"),
        (
            '@import "tailwindcss";\n@plugin "@tailwindcss/typography";\n@plugin "@tailwindcss/forms";',
            {"src/a.ts": "'prose form-input'"},
            ".prose",
        ),
        ('@import "tailwindcss";\n@plugin "tailwindcss-animate";', {"src/a.ts": "'fade-in-36'"}, "fade-in"),
        (
            '@import "tailwindcss";\n@plugin "./own.js";',
            {
                "src/own.js": "export default ({ addUtilities }) => addUtilities({ '.own': { order: '37' } })",
                "src/a.ts": "'own'",
            },
            "order: 37",
        ),
        (
            '@import "tailwindcss";\n@config "../tailwind.config.js";',
            {
                "tailwind.config.js": "import colors from 'tailwindcss/colors'\n"
                "const own = { brand: '#010203', other: colors.red[500] }\n"
                "export default { content: [], theme: { extend: { colors: own } } }"
            },
            "#010203",
        ),
        ('@import "tailwindcss" prefix(tw);', {"src/a.ts": "'tw:p-[38px]'"}, "padding: 38px"),
    ],
)
def test_g18_every_directive_of_tailwind_4_does_its_work(
    start: Start, css: str, files: dict[str, str], computed: str
) -> None:
    runtime = start()
    assert runtime.put({**project(css), **files}).diagnostics == []
    assert computed in styles(runtime)


def test_g18_a_css_module_refers_to_the_theme(start: Start) -> None:
    runtime = start()
    module = '@reference "./styles.css";\n.box { @apply text-brand; }\n'
    files = project(**{"src/box.module.css": module})
    files["src/App.tsx"] = "import box from './box.module.css'\n" + BRANDED.replace(
        "<Title />", "<b className={box.box} />"
    )
    assert runtime.put(files).diagnostics == []
    body = runtime.get("/src/box.module.css").body
    assert "color: var(--color-brand" in body
    assert "_box_" in body


def test_g18_stylesheets_for_both_majors_live_in_one_project(start: Start) -> None:
    runtime = start()
    files = project(**{"src/old.css": CSS + ".old { @apply pt-[41px] }"})
    files["src/index.tsx"] = "import './old.css'\n" + files["src/index.tsx"]
    assert runtime.put(files).diagnostics == []
    assert "padding-top: 41px" in runtime.get("/src/old.css").body
    assert "--color-brand" in styles(runtime)


def test_the_manifest_decides_where_the_syntax_fits_both(start: Start) -> None:
    both = "@tailwind utilities;\n"
    app = APP.replace("p-2", "text-[#010203]")
    for manifest, sign in ((MANIFEST4, "color: #010203"), ("{}", "rgb(1 2 3 /")):
        runtime = start()
        files = {**FILES, "src/App.tsx": app, "src/styles.css": both, "package.json": manifest}
        runtime.put(files)
        assert sign in styles(runtime)


def test_g17_a_new_class_computes_with_tailwind_4(runtime: Runtime) -> None:
    outcome = runtime.patch({"src/App.tsx": BRANDED.replace("p-2", "p-[13px]")})
    assert set(outcome.hmr.modules) == {"/src/App.tsx", "/src/styles.css"}
    assert "padding: 13px" in styles(runtime)


@pytest.mark.parametrize("css", [CSS4, CSS], ids=["4", "3"])
def test_g17_a_class_in_a_new_file_computes(start: Start, css: str) -> None:
    runtime = start()
    runtime.put(project(css))
    outcome = runtime.patch(
        {
            "src/New.tsx": "export default () => <i className='mt-[17px]'>new</i>\n",
            "src/App.tsx": "import New from './New'\n" + BRANDED.replace("<Title />", "<New />"),
        }
    )
    assert "/src/styles.css" in outcome.hmr.modules
    assert "margin-top: 17px" in styles(runtime)


def test_a_text_edit_leaves_the_stylesheet_alone_with_tailwind_4(runtime: Runtime) -> None:
    outcome = runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Other words")})
    assert outcome.hmr.modules == ["/src/components/Title.tsx"]


def test_g23_the_same_tree_is_no_message_with_tailwind_4(runtime: Runtime) -> None:
    assert {runtime.put(project()).hmr.kind for _ in range(10)} == {HmrKind.NONE}


def test_a_changed_theme_is_css_without_a_reload_with_tailwind_4(runtime: Runtime) -> None:
    for colour in ("rgb(4, 5, 6)", "rgb(7, 8, 9)"):
        outcome = runtime.patch({"src/styles.css": CSS4.replace("rgb(1, 2, 3)", colour)})
        assert is_css(outcome)
        assert f"--color-brand: {colour}" in styles(runtime)


@pytest.mark.parametrize("changed", ["tailwind.config.js", "theme.js", "src/base.css"])
def test_what_a_stylesheet_takes_in_applies_as_css_with_tailwind_4(start: Start, changed: str) -> None:
    runtime = start()
    files = project(
        '@import "tailwindcss";\n@import "./base.css";\n@config "../tailwind.config.js";\n',
        **{
            "src/base.css": ".base { order: 1 }",
            "tailwind.config.js": "import colors from './theme.js'\nexport default { theme: { extend: { colors } } }",
            "theme.js": "export default { brand: '#000001' }",
        },
    )
    assert runtime.put(files).diagnostics == []
    for digit in (2, 3):
        colour = f"{{ brand: '#00000{digit}' }}"
        text = {
            "src/base.css": f".base {{ order: {digit} }}",
            "tailwind.config.js": f"export default {{ theme: {{ extend: {{ colors: {colour} }} }} }}",
            "theme.js": f"module.exports = {colour}",
        }[changed]
        assert is_css(runtime.patch({changed: text}))
        assert (f"order: {digit}" if changed == "src/base.css" else f"#00000{digit}") in styles(runtime)


def test_a_stylesheet_goes_from_3_to_4_and_back(start: Start) -> None:
    runtime = start()
    runtime.put(project(CSS))
    for css, sign in ((CSS4, "var(--spacing)"), (CSS, "0.5rem"), (CSS4, "var(--spacing)")):
        assert is_css(runtime.patch({"src/styles.css": css}))
        assert sign in styles(runtime)


def test_a_broken_stylesheet_is_held_and_its_fix_applies_with_tailwind_4(runtime: Runtime) -> None:
    broken = runtime.patch({"src/styles.css": CSS4 + ".x { @apply no-such-class }"})
    assert broken.hmr.kind == HmrKind.ERROR
    assert broken.diagnostics[0].path == "src/frontend/src/styles.css"
    assert "no-such-class" in broken.diagnostics[0].message
    assert is_css(runtime.patch({"src/styles.css": CSS4 + ".x { @apply p-[19px] }"}))
    assert "padding: 19px" in styles(runtime)


def test_a_plugin_that_is_not_installed_is_told_and_the_rest_works_with_tailwind_4(start: Start) -> None:
    runtime = start()
    outcome = runtime.put(project(CSS4 + '@plugin "daisyui";'))
    (told,) = of_styles(outcome)
    assert (outcome.diagnostics, told.code, told.path) == ([], "PACKAGE_NOT_INSTALLED", "src/frontend/src/styles.css")
    assert '"daisyui" is not installed' in told.message
    assert ".text-brand" in styles(runtime)


@pytest.mark.parametrize("at_once", [True, False], ids=["with its class", "before its class"])
def test_a_plugin_that_fails_at_a_class_is_told_and_its_fix_applies_with_tailwind_4(
    start: Start, at_once: bool
) -> None:
    runtime = start()
    plugin = "export default ({ matchUtilities }) => matchUtilities({ own: (v) => (%s) }, { values: { a: '1' } })"
    broken = {"src/own.js": plugin % "v.nothing()"}
    sound = {"src/own.js": plugin % "{ order: v }"}
    runtime.put({**project(CSS4 + '@plugin "./own.js";'), **(sound if at_once else broken)})
    used = {"src/App.tsx": BRANDED.replace("p-2", "own-a")}
    outcome = runtime.patch({**used, **(broken if at_once else {})})
    assert outcome.hmr.kind == HmrKind.ERROR
    assert outcome.diagnostics[0].path == "src/frontend/src/styles.css"
    assert runtime.patch({"src/own.js": sound["src/own.js"] + " // mended"}).diagnostics == []
    assert "order: 1" in styles(runtime)


def test_g38_a_tailwind_4_stylesheet_names_no_folder_of_the_machine(runtime: Runtime) -> None:
    body = runtime.get("/src/styles.css").body
    assert str(runtime.folder) not in body
    assert "/node_modules/" not in body.replace("/node_modules/vite/", "")


def is_css(outcome: Outcome) -> bool:
    return (outcome.hmr.kind, outcome.hmr.modules, outcome.diagnostics) == (HmrKind.CSS, ["/src/styles.css"], [])


def test_a_project_with_another_root_does_not_find_what_the_one_before_had_bundled(start: Start) -> None:
    """A waiting runtime has shown an app in src/frontend: 21 MB of bundles in a folder of a plain Vite project."""
    runtime = start()
    assert runtime.put(FILES).diagnostics == []
    bundles = runtime.folder / "files/src/frontend/.kontext-preview"
    assert bundles.exists()
    runtime.put(project(), Layout(root="", entry="src/frontend/src/index.tsx", index="synthesised"))
    assert not bundles.exists()
    assert ".text-brand" in runtime.get("/src/frontend/src/styles.css").body
