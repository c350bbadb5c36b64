"""Every way in which generated projects set their styles up, with the Tailwind 3 and the PostCSS of the catalogue."""

from __future__ import annotations

import json
from itertools import product

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime, of_styles
from tests.runtime.project import APP, CSS, FILES

from preview_core.wire import HmrKind, Layout

THEME = "{ content: ['./src/**/*.tsx'], theme: { extend: { colors: { brand: '#010203' } } } }"
# A plugin of the config's own: its rule is there only if this very config was read.
MARK = "{ postcssPlugin: 'mark', Once(root) { root.append('.marked { order: 7 }') } }"
TAILWIND = {"cjs": f"module.exports = {THEME}", "esm": f"export default {THEME}"}
POSTCSS = {
    "cjs": f"module.exports = {{ plugins: [require('tailwindcss'), {MARK}] }}",
    "esm": f"import tailwindcss from 'tailwindcss'\nexport default {{ plugins: [tailwindcss, {MARK}] }}",
}
TYPOGRAPHY = "require('@tailwindcss/typography')"
TYPES = {"none": {}, "module": {"type": "module"}, "commonjs": {"type": "commonjs"}}
APP_FILES = {**FILES, "src/App.tsx": APP.replace("p-2", "p-2 text-brand prose fade-in-50")}


def css(runtime: Runtime, url: str = "/src/styles.css") -> str:
    answer = runtime.get(url)
    assert answer.status == 200, answer.body
    return answer.body.replace("\\n", "\n").replace('\\"', '"')


def assert_renders(runtime: Runtime) -> None:
    text = css(runtime)
    assert "rgb(1 2 3" in text
    assert "order: 7" in text
    assert "@tailwind" not in text


@pytest.mark.parametrize("kind", list(TYPES))
def test_g18_the_matrix_of_package_type_and_config_syntax_renders(start: Start, kind: str) -> None:
    for postcss, theme in product(POSTCSS, TAILWIND):
        runtime = start()
        files = {"postcss.config.js": POSTCSS[postcss], "tailwind.config.js": TAILWIND[theme]}
        outcome = runtime.put({**APP_FILES, **files, "package.json": json.dumps(TYPES[kind])})
        assert outcome.diagnostics == []
        assert_renders(runtime)


def tailwind(*plugins: str) -> str:
    """The object of a Tailwind config with these plugins."""
    return f"{{ ...{THEME}, plugins: [{', '.join(plugins)}] }}"


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("tailwind.config.ts", f"import type {{ Config }} from 'tailwindcss'\nexport default {THEME} satisfies Config"),
        ("tailwind.config.ts", f"import {{ Config }} from 'tailwindcss'\nconst c: Config = {THEME}\nexport default c"),
        ("tailwind.config.mjs", TAILWIND["esm"]),
        ("tailwind.config.cjs", TAILWIND["cjs"]),
        ("tailwind.config.cjs", TAILWIND["esm"]),
        (
            "tailwind.config.js",
            "import p from './preset'\nexport default { content: ['./src/**/*.tsx'], presets: [p] }",
        ),
        (
            "tailwind.config.js",
            "module.exports = " + tailwind("require('tailwindcss-animate')", TYPOGRAPHY),
        ),
        (
            "tailwind.config.js",
            "import forms from '@tailwindcss/forms'\nexport default " + tailwind("forms({ strategy: 'class' })"),
        ),
        (
            "tailwind.config.js",
            f"const {{ fontSize }} = require('tailwindcss/defaultTheme')\nmodule.exports = {{ ...{THEME}, fontSize }}",
        ),
        (
            "tailwind.config.js",
            "const plugin = require('tailwindcss/plugin')\nmodule.exports = " + tailwind("plugin(() => {})"),
        ),
    ],
    ids=["satisfies", "typed", "mjs", "cjs", "esm in cjs", "preset", "plugins", "esm plugin", "theme", "own plugin"],
)
def test_g18_a_tailwind_config_of_any_name_and_form_renders(start: Start, name: str, config: str) -> None:
    runtime = start()
    files = {name: config, "preset.ts": f"export default {THEME}", "postcss.config.mjs": POSTCSS["esm"]}
    outcome = runtime.put({**APP_FILES, **files})
    assert (outcome.diagnostics, of_styles(outcome)) == ([], [])
    assert_renders(runtime)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("postcss.config.ts", f"export default {{ plugins: [{MARK}] }}"),
        ("postcss.config.js", f"module.exports = () => ({{ plugins: [require('tailwindcss')(), {MARK}] }})"),
        (
            "postcss.config.js",
            f"const nesting = require('tailwindcss/nesting')\nmodule.exports = {{ plugins: [nesting, {MARK}] }}",
        ),
        ("postcss.config.js", f"module.exports = {{ plugins: [require('postcss-import'), {MARK}] }}"),
        ("postcss.config.js", f"export default {{ plugins: ['postcss-nested', ['tailwindcss', {{}}], {MARK}] }}"),
        ("postcss.config.js", f"module.exports = {{ plugins: [require('tailwindcss')({THEME}), {MARK}] }}"),
    ],
)
def test_g18_a_postcss_config_of_any_name_and_form_renders(start: Start, name: str, config: str) -> None:
    runtime = start()
    outcome = runtime.put({**APP_FILES, name: config, "tailwind.config.js": TAILWIND["cjs"]})
    assert (outcome.diagnostics, of_styles(outcome)) == ([], [])
    assert_renders(runtime)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        (
            "postcss.config.js",
            f"import x from 'postcss-nowhere'\nexport default {{ plugins: [x({{ a: 1 }}), {MARK}] }}",
        ),
        (
            "postcss.config.js",
            f"const {{ x }} = require('postcss-nowhere')\nmodule.exports = {{ plugins: [x, {MARK}] }}",
        ),
        ("postcss.config.js", f"export default {{ plugins: ['postcss-nowhere', {MARK}] }}"),
    ],
)
def test_a_postcss_plugin_that_is_not_installed_is_told_and_the_rest_works(
    start: Start, name: str, config: str
) -> None:
    runtime = start()
    outcome = runtime.put({**APP_FILES, name: config, "tailwind.config.js": TAILWIND["cjs"]})
    (told,) = of_styles(outcome)
    assert (outcome.diagnostics, told.code, told.path) == ([], "PACKAGE_NOT_INSTALLED", f"src/frontend/{name}")
    assert '"postcss-nowhere" is not installed' in told.message
    assert_renders(runtime)
    assert of_styles(runtime.patch({name: POSTCSS["cjs"]})) == []


def test_a_tailwind_plugin_that_is_not_installed_is_told_and_the_rest_works(start: Start) -> None:
    runtime = start()
    config = "module.exports = " + tailwind("require('daisyui')", "require('tw-nowhere')({ a: 1 })")
    outcome = runtime.put({**APP_FILES, "postcss.config.js": POSTCSS["cjs"], "tailwind.config.js": config})
    assert {told.path for told in of_styles(outcome)} == {"src/frontend/tailwind.config.js"}
    assert len(of_styles(outcome)) == 2
    assert_renders(runtime)


def test_a_config_that_throws_is_told_and_the_rest_renders(start: Start) -> None:
    runtime = start()
    (told,) = runtime.put({**APP_FILES, "tailwind.config.js": "throw new Error('boom')"}).diagnostics
    assert (told.path, told.message) == ("src/frontend/tailwind.config.js", "boom")
    assert "padding: 0.5rem" in css(runtime)
    assert runtime.patch({"tailwind.config.js": TAILWIND["esm"]}).hmr.kind == HmrKind.CSS
    assert "rgb(1 2 3" in css(runtime)


@pytest.mark.parametrize("sheet", [CSS, '@import "tailwindcss";\n@plugin "@tailwindcss/typography";'], ids=["3", "4"])
def test_styles_render_and_gain_classes_beside_a_manifest_that_is_not_json(start: Start, sheet: str) -> None:
    runtime = start()
    assert runtime.put({**APP_FILES, "src/styles.css": sheet, "package.json": "{ not json"}).diagnostics == []
    runtime.patch(
        {
            "src/New.tsx": "export default () => <i className='mt-[17px]'>new</i>",
            "src/App.tsx": "import './New'\n" + APP_FILES["src/App.tsx"],
        }
    )
    assert "margin-top: 17px" in css(runtime)


def test_directives_without_any_config_render(start: Start) -> None:
    runtime = start()
    outcome = runtime.put(FILES)
    assert (outcome.diagnostics, of_styles(outcome)) == ([], [])
    assert "padding: 0.5rem" in css(runtime)


def test_a_changed_postcss_config_applies_as_css(start: Start) -> None:
    runtime = start()
    runtime.put({**APP_FILES, "postcss.config.js": POSTCSS["cjs"]})
    for order in ("8", "9"):
        outcome = runtime.patch({"postcss.config.js": POSTCSS["cjs"].replace("order: 7", f"order: {order}")})
        assert (outcome.hmr.kind, outcome.hmr.modules) == (HmrKind.CSS, ["/src/styles.css"])
        assert f"order: {order}" in css(runtime)


def test_sass_and_css_modules_render_and_apply_as_css(start: Start) -> None:
    runtime = start()
    sheet = "$gap: 51px;\n.list { .item { margin: $gap; @apply pt-[52px]; } }\n"
    module = "$wide: 53px;\n.box { .in { padding: $wide } }\n"
    index = FILES["src/index.tsx"].replace("import './styles.css'", "import './styles.css'\nimport './list.scss'")
    app = "import box from './box.module.scss'\n" + APP.replace("<Title />", "<b className={box.box}><Title /></b>")
    files = {**FILES, "src/index.tsx": index, "src/App.tsx": app, "src/list.scss": sheet, "src/box.module.scss": module}
    assert runtime.put(files).diagnostics == []
    assert "margin: 51px" in css(runtime, "/src/list.scss")
    assert "padding-top: 52px" in css(runtime, "/src/list.scss")
    assert "_box_" in css(runtime, "/src/box.module.scss")
    outcome = runtime.patch({"src/list.scss": sheet.replace("51px", "54px")})
    assert (outcome.hmr.kind, outcome.diagnostics) == (HmrKind.CSS, [])
    assert "margin: 54px" in css(runtime, "/src/list.scss")


def test_g21_one_file_renders(start: Start) -> None:
    runtime = start()
    source = (
        "import { createRoot } from 'react-dom/client'\n"
        "createRoot(document.getElementById('root')!).render(<h1>Alone</h1>)\n"
    )
    layout = Layout(root="src/frontend", entry="src/index.tsx", index="synthesised")
    assert runtime.put({"src/index.tsx": source}, layout).diagnostics == []
    assert runtime.control("GET", "/readyz").status == 200
    assert "Alone" in runtime.get("/src/index.tsx").body


def test_g17_fifty_sessions_with_different_themes_do_not_mix(start: Start) -> None:
    """Five at a time, which is what a small machine holds; every second one is written for Tailwind 4."""
    for group in range(0, 50, 5):
        numbers = range(group, group + 5)
        runtimes = [start() for _ in numbers]
        for number, runtime in zip(numbers, runtimes, strict=True):
            assert runtime.put(themed(number)).diagnostics == []
        for number, runtime in zip(numbers, runtimes, strict=True):
            text = css(runtime)
            assert f"top: {1000 + number}px" in text or f"--top-own: {1000 + number}px" in text
            assert not any(f"{1000 + other}px" in text for other in range(50) if other != number)
        for runtime in runtimes:
            runtime.end_input()
            runtime.process.wait(10)


def themed(number: int) -> dict[str, str]:
    size = f"{1000 + number}px"
    files = {**FILES, "src/App.tsx": APP.replace("p-2", f"top-own mt-[{size}]")}
    if number % 2:
        return {**files, "src/styles.css": f'@import "tailwindcss";\n@theme {{ --top-own: {size} }}\n'}
    theme = f"module.exports = {{ content: ['./src/**/*.tsx'], theme: {{ extend: {{ inset: {{ own: '{size}' }} }} }} }}"
    return {**files, "src/styles.css": CSS, "tailwind.config.js": theme}
