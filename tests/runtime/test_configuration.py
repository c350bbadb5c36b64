"""What a project's own configuration asks for is honoured as far as it can be read; it never stops the preview."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime
from tests.runtime.project import FILES, INDEX

from preview_api.backends.local.installation import Installation
from preview_core.wire import HmrKind, Layout, Outcome, Warned

# Uses the alias @components, which no default knows, and the constant __X__.
APP = "import Title from '@components/Title'\nexport default () => <main><Title />{__X__}</main>\n"
USING = {**FILES, "src/App.tsx": APP}
ALIAS = "'@components': path.resolve(__dirname, 'src/components')"
WANTED = f"define: {{ __X__: JSON.stringify('honoured') }}, resolve: {{ alias: {{ {ALIAS} }} }}"
IMPORTS = """import path from 'node:path'
import { defineConfig } from 'vite'
import react from '@vitejs/plugin-react'
"""

# name -> (file, text); each asks for the same.
VARIANTS: dict[str, tuple[str, str]] = {
    "object": ("vite.config.js", f"{IMPORTS}export default {{ plugins: [react()], {WANTED} }}"),
    "defineConfig": ("vite.config.ts", f"{IMPORTS}export default defineConfig({{ plugins: [react()], {WANTED} }})"),
    "mts": ("vite.config.mts", f"{IMPORTS}export default defineConfig({{ {WANTED} }})"),
    "mjs": ("vite.config.mjs", f"{IMPORTS}export default defineConfig({{ {WANTED} }})"),
    "cts": ("vite.config.cts", f"{IMPORTS}export default defineConfig({{ {WANTED} }})"),
    "commonjs": ("vite.config.cjs", f"const path = require('path')\nmodule.exports = {{ {WANTED} }}"),
    "commonjs in js": (
        "vite.config.js",
        "const { defineConfig } = require('vite'); const path = require('path')\n"
        f"module.exports = defineConfig({{ {WANTED} }})",
    ),
    "exports.default": ("vite.config.cjs", f"const path = require('path')\nexports.default = {{ {WANTED} }}"),
    "function": ("vite.config.ts", f"{IMPORTS}export default defineConfig(({{ mode, command }}) => ({{ {WANTED} }}))"),
    "function with a block": (
        "vite.config.ts",
        f"{IMPORTS}export default defineConfig(({{ mode }}) => {{ const alias = {{ {ALIAS} }}\n"
        "if (mode === 'production') return { base: '/x/' }\n"
        "return { define: { __X__: JSON.stringify('honoured') }, resolve: { alias } } })",
    ),
    "async function": (
        "vite.config.ts",
        f"{IMPORTS}export default defineConfig(async ({{ command }}) => {{ const wait = await Promise.resolve(1)\n"
        f"return command === 'serve' ? {{ {WANTED} }} : {{}} }})",
    ),
    "named function": ("vite.config.js", f"{IMPORTS}export default function config() {{ return {{ {WANTED} }} }}"),
    "typed constant": (
        "vite.config.ts",
        f"import type {{ UserConfig }} from 'vite'\n{IMPORTS}const config: UserConfig = {{ {WANTED} }}\n"
        "export default config",
    ),
    "satisfies": (
        "vite.config.ts",
        f"{IMPORTS}import type {{ UserConfig }} from 'vite'\nexport default {{ {WANTED} }} satisfies UserConfig",
    ),
    "as const, generics, non-null": (
        "vite.config.ts",
        f"{IMPORTS}function same<T>(value: T): T {{ return value }}\n"
        f"export default defineConfig(same<any>({{ {WANTED} }} as const)!)",
    ),
    "exported by name": ("vite.config.js", f"{IMPORTS}const config = {{ {WANTED} }}\nexport {{ config as default }}"),
    "mergeConfig": (
        "vite.config.ts",
        f"{IMPORTS}import {{ mergeConfig }} from 'vite'\n"
        f"const base = {{ define: {{ __X__: '\"base\"' }}, resolve: {{ alias: {{ '@x': '/src' }} }} }}\n"
        f"export default mergeConfig(base, defineConfig({{ {WANTED} }}))",
    ),
    "spread": (
        "vite.config.ts",
        f"{IMPORTS}const shared = {{ {WANTED} }}\n"
        "export default defineConfig({ ...shared, server: { port: 3000 } })",
    ),
    "comments": (
        "vite.config.ts",
        f"/* }} */ {IMPORTS}// define: {{ __X__: 1 }}\n"
        f"export default /* }} */ defineConfig({{ // here }}\n {WANTED} /* the end */ }})",
    ),
    "alias list": (
        "vite.config.ts",
        f"{IMPORTS}export default defineConfig({{ define: {{ __X__: '\"honoured\"' }},\n"
        "resolve: { alias: [{ find: '@components', replacement: path.join(__dirname, 'src', 'components') }] } })",
    ),
    "alias by pattern": (
        "vite.config.ts",
        f"{IMPORTS}export default defineConfig({{ define: {{ __X__: '\"honoured\"' }},\n"
        "resolve: { alias: [{ find: /^@components\\/(.*)$/, "
        "replacement: `${path.resolve('src')}/components/$1` }] } })",
    ),
    "URLs": (
        "vite.config.ts",
        "import { fileURLToPath, URL } from 'node:url'\nexport default { define: { __X__: '\"honoured\"' }, resolve: "
        "{ alias: { '@components': fileURLToPath(new URL('./src/components', import.meta.url)) } } }",
    ),
    "URL.pathname": (
        "vite.config.js",
        "export default { define: { __X__: '\"honoured\"' }, resolve: "
        "{ alias: { '@components': new URL('./src/components', import.meta.url).pathname } } }",
    ),
    "__dirname made of the URL": (
        "vite.config.js",
        f"{IMPORTS}import {{ fileURLToPath }} from 'url'\nconst here = path.dirname(fileURLToPath(import.meta.url))\n"
        "export default { define: { __X__: '\"honoured\"' }, "
        "resolve: { alias: { '@components': path.resolve(here, './src/components') } } }",
    ),
    "from the root": (
        "vite.config.js",
        "export default { define: { __X__: '\"honoured\"' },\n"
        "resolve: { alias: { '@components': '/src/components' } } }",
    ),
    "relative": (
        "vite.config.js",
        "export default { define: { __X__: '\"honoured\"' },\n"
        "resolve: { alias: { '@components': './src/components' } } }",
    ),
    "template and concatenation": (
        "vite.config.js",
        "const dir = process.cwd() + '/src'\nexport default { define: { __X__: JSON.stringify('hon' + 'oured') }, "
        "resolve: { alias: { ['@' + 'components']: `${dir}/components` } } }",
    ),
    "helper function": (
        "vite.config.ts",
        f"{IMPORTS}const at = (name: string) => path.resolve(__dirname, 'src', name)\n"
        "export default defineConfig({ define: { __X__: JSON.stringify('honoured') }, "
        "resolve: { alias: { '@components': at('components') } } })",
    ),
    "made of a list": (
        "vite.config.ts",
        f"{IMPORTS}const names = ['components', 'hooks']\n"
        "export default defineConfig({ define: { __X__: '\"honoured\"' }, resolve: { alias: Object.fromEntries("
        "names.map((name) => [`@${name}`, path.resolve(__dirname, 'src', name)])) } })",
    ),
    "written piece by piece": (
        "vite.config.js",
        f"{IMPORTS}const config = {{ resolve: {{ alias: {{}} }} }}\n"
        "config.define = {}\nconfig.define.__X__ = JSON.stringify('honoured')\n"
        "config.resolve.alias['@components'] = path.resolve(__dirname, 'src/components')\nexport default config",
    ),
    "plugins that nobody has": (
        "vite.config.ts",
        "import path from 'path'\nimport { nowhere } from 'vite-plugin-nowhere'\n"
        "import { execSync } from 'child_process'\n"
        "const sha = execSync('git rev-parse HEAD').toString().trim()\n"
        f"export default {{ plugins: [nowhere(sha), cond && nowhere()].filter(Boolean), {WANTED} }}",
    ),
}


def ignored(outcome: Outcome) -> list[Warned]:
    """What is said of the configuration; these projects name no packages, which is said too."""
    return [warning for warning in outcome.warnings if warning.code == "CONFIG_IGNORED"]


def text_of(runtime: Runtime, url: str = "/src/App.tsx") -> str:
    answer = runtime.get(url)
    assert answer.status == 200, answer.body
    return answer.body


def defined(runtime: Runtime) -> str:
    """Where a page's constants come from."""
    return text_of(runtime, "/@vite/env")


@pytest.fixture(scope="module")
def configured(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """One runtime that gets one project after the other."""
    with Runtime(list(installation.command), installation.catalogue, tmp_path_factory.mktemp("configured")) as runtime:
        yield runtime


@pytest.mark.parametrize("name", VARIANTS)
def test_g40_a_variant_of_vite_config_boots_and_what_it_asks_for_counts(configured: Runtime, name: str) -> None:
    file, text = VARIANTS[name]
    outcome = configured.put({**USING, file: text})
    assert (outcome.diagnostics, ignored(outcome)) == ([], [])
    assert configured.control("GET", "/readyz").status == 200
    assert '"/src/components/Title.tsx"' in text_of(configured)
    assert '"__X__": "honoured"' in defined(configured)


HOSTILE = {
    "not JavaScript": "export default {",
    "nothing": "",
    "not a configuration": "export default 7",
    "throws": "throw new Error('no')",
    "ends the process": "process.exit(1); export default {}",
    "never ends": "while (true) {}\nexport default {}",
    "a circle of constants": "const a = b; const b = a; export default { define: a, resolve: b }",
    "a function that calls itself": "const f = () => f(); export default f()",
    "holds itself": "const a = {}; a.define = a; a.resolve = a; a.css = a; export default a",
    "deep brackets": "export default " + "[" * 10_000 + "]" * 10_000,
    "deep objects": "export default " + "{a:" * 5_000 + "1" + "}" * 5_000,
    "a long sum": "export default " + "a+" * 10_000 + "1",
    "a megabyte": "export default { define: { __X__: '" + "x" * 1_000_000 + "' } }",
    "prototypes": "export default { __proto__: { define: 1 }, constructor: { prototype: 2 }, "
    "define: { __proto__: 'x', "
    "constructor: '1', 'a.__proto__.b': '2' }, resolve: { alias: { __proto__: '/src', constructor: './src' } } }",
    "grows": "let x = ['x']" + "; x = [...x, ...x]" * 40 + "\nexport default { define: { __Y__: x } }",
    "grows inside": "let x = ['x']" + "; x = [x, x]" * 60 + "\nexport default { define: { __Y__: x } }",
    "breaks out of define": "export default { define: "
    "{ __Y__: '1 //', __Z__: '1 }; alert(1); ({', 'a b': '1', window: '1' } }",
    "code that is none": "export default { esbuild: { jsxInject: 'import {', jsxFactory: '1;2' } }",
    "globs": "export default { assetsInclude: ['[', '{{{', '('], esbuild: { exclude: ['['] } }",
    "wrong types": "export default { define: 1, resolve: 'x', envPrefix: '', envDir: 5, publicDir: {}, css: [], "
    "esbuild: 3, plugins: 9, json: 'x', assetsInclude: 4 }",
    "leads out": "import path from 'path'; export default { resolve: { alias: { a: '/../../etc', "
    "b: path.resolve(__dirname, '../../../../../etc'), c: '../../../../etc' } }, "
    "envDir: '../../../..', publicDir: '/etc' }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_g40_a_config_that_is_broken_or_hostile_never_stops_the_preview(configured: Runtime, name: str) -> None:
    outcome = configured.put({**FILES, "vite.config.js": HOSTILE[name]})
    assert outcome.diagnostics == []
    assert configured.control("GET", "/readyz").status == 200
    assert "jsx" in text_of(configured)
    assert '"global": globalThis' in defined(configured)
    assert len(json.dumps([warning.wire() for warning in ignored(outcome)])) < 10_000
    assert str(configured.folder) not in json.dumps([warning.wire() for warning in ignored(outcome)])


@pytest.mark.parametrize("name", ["not JavaScript", "not a configuration", "throws", "deep brackets", "a megabyte"])
def test_g40_a_config_that_cannot_be_read_is_a_warning_that_names_it(configured: Runtime, name: str) -> None:
    (warning,) = ignored(configured.put({**FILES, "vite.config.js": HOSTILE[name]}))
    assert (warning.code, warning.path) == ("CONFIG_IGNORED", "src/frontend/vite.config.js")


def test_what_cannot_be_read_is_left_out_and_the_rest_counts(configured: Runtime) -> None:
    config = (
        "import { execSync } from 'child_process'\nimport path from 'path'\n"
        "export default { define: { __SHA__: JSON.stringify(execSync('git rev-parse HEAD')), __X__: '\"kept\"' },\n"
        "resolve: { alias: { '@components': path.resolve('src/components'), etc: path.resolve('../../../../etc') } } }"
    )
    outcome = configured.put({**USING, "vite.config.ts": config})
    assert [(warning.path, warning.message) for warning in ignored(outcome)] == [
        ("src/frontend/vite.config.ts", "define.__SHA__ cannot be read without running the file: left out"),
        ("src/frontend/vite.config.ts", "resolve.alias.etc leads out of the project"),
    ]
    assert '"__X__": "kept"' in defined(configured)
    assert '"__SHA__": undefined' in defined(configured), "code that uses it must not end the page"


def test_g40_what_vite_itself_cannot_work_with_does_not_stop_it(configured: Runtime) -> None:
    config = {"vite.config.ts": "export default { publicDir: 'a-file' }", "a-file": "not a folder"}
    outcome = configured.put({**FILES, **config})
    assert [warning.code for warning in ignored(outcome)] == ["CONFIG_IGNORED"]
    assert outcome.diagnostics == []
    assert configured.control("GET", "/readyz").status == 200
    assert ignored(configured.patch({"vite.config.ts": "export default { }"})) == []


def test_warnings_stand_until_their_cause_goes(configured: Runtime) -> None:
    broken = {**FILES, "vite.config.ts": "export default { define: { __X__: nowhere() } }"}
    assert ignored(configured.put(broken)) != []
    assert ignored(configured.patch({"src/styles.css": "a { color: red }"})) != []
    assert ignored(configured.patch({"vite.config.ts": "export default { }"})) == []


# --- the environment ---

ENV_APP = "export default () => <p>{JSON.stringify(import.meta.env)}</p>\n"


def env_of(runtime: Runtime) -> dict[str, object]:
    found = re.search(r"import\.meta\.env = (\{.*?\});", text_of(runtime))
    assert found
    values: dict[str, object] = json.loads(found[1])
    return values


def test_a_projects_env_files_count_and_this_machines_environment_does_not(start: Start) -> None:
    runtime = start(VITE_HOST_SECRET="leaks", HOST_SECRET="leaks", VITE_A="leaks")
    files = {
        **FILES,
        "src/App.tsx": ENV_APP,
        ".env": "VITE_A=1\nVITE_B=${HOST_SECRET}b\nHIDDEN=x\n",
        ".env.local": "VITE_C=3\n",
        ".env.development": "VITE_D=4\n",
        ".env.production": "VITE_E=5\n",
        "vite.config.ts": "import { defineConfig, loadEnv } from 'vite'\nexport default defineConfig(({ mode }) => {"
        "const env = loadEnv(mode, process.cwd(), '')\n"
        "return { define: { __ALL__: JSON.stringify({ ...env, ...process.env }), "
        "__HOME__: JSON.stringify(process.env.HOME) } } })",
    }
    assert ignored(runtime.put(files)) == []
    assert env_of(runtime) == {
        "BASE_URL": "/", "DEV": True, "MODE": "development", "PROD": False, "SSR": False,
        "VITE_A": "1", "VITE_B": "b", "VITE_C": "3", "VITE_D": "4",
    }  # fmt: skip
    told = defined(runtime)
    assert "leaks" not in told
    assert '\\"HIDDEN\\":\\"x\\"' in told or '"HIDDEN":"x"' in told
    assert '"__HOME__": undefined' in told
    assert str(runtime.folder) not in told


def test_env_prefix_and_env_dir_count(configured: Runtime) -> None:
    config = "export default { envPrefix: ['API_', 'VITE_'], envDir: './env' }"
    files = {**FILES, "src/App.tsx": ENV_APP, "env/.env": "API_URL=u\nVITE_A=1\nX=2\n", "vite.config.js": config}
    configured.put(files)
    assert {"API_URL": "u", "VITE_A": "1"}.items() <= env_of(configured).items()
    assert "X" not in env_of(configured)


def test_the_environment_is_in_the_page_too(start: Start) -> None:
    runtime = start(VITE_HOST="leaks")
    page = '<title>%VITE_NAME% %VITE_HOST%</title><div id="root"></div><script type="module" src="/src/index.tsx">'
    page += "</script>"
    layout = Layout(root="src/frontend", entry="src/index.tsx", index="project")
    runtime.put({**FILES, "index.html": page, ".env": "VITE_NAME=Shop\n"}, layout)
    assert "<title>Shop %VITE_HOST%</title>" in runtime.get("/", accept="text/html").body


def test_what_a_config_puts_into_the_environment_counts(configured: Runtime) -> None:
    config = "import pkg from './package.json'\nprocess.env.VITE_VERSION = pkg.version\nexport default {}"
    files = {**FILES, "src/App.tsx": ENV_APP, "package.json": '{"version": "7.8.9"}', "vite.config.js": config}
    configured.put(files)
    assert env_of(configured)["VITE_VERSION"] == "7.8.9"


def test_canister_ids_of_dfx_are_in_process_env(configured: Runtime) -> None:
    configured.put({**FILES, ".env": "CANISTER_ID_BACKEND='aaaaa-aa'\nDFX_NETWORK=local\nOTHER=1\n"})
    assert '"process.env": {"CANISTER_ID_BACKEND":"aaaaa-aa","DFX_NETWORK":"local"}' in defined(configured)


# --- aliases ---

PATHS = """{
  // as tsc --init writes it
  "compilerOptions": {
    /* Paths */
    "baseUrl": ".",
    "paths": { "@components/*": ["./src/components/*"], "title": ["src/components/Title.tsx"], },
  },
}"""
TSCONFIGS: dict[str, dict[str, str]] = {
    "comments and commas": {"tsconfig.json": PATHS},
    "jsconfig": {"jsconfig.json": PATHS},
    "byte order mark": {"tsconfig.json": "\ufeff" + PATHS},
    "extended": {"tsconfig.json": '{"extends": "./config/base"}', "config/base.json": PATHS.replace('"."', '".."')},
    "extended twice": {
        "tsconfig.json": '{"extends": ["./a.json"]}',
        "a.json": '{"extends": "./b.json", "compilerOptions": {"strict": true}}',
        "b.json": PATHS,
    },
    "references": {
        "tsconfig.json": '{"files": [], "references": '
        '[{"path": "./tsconfig.app.json"}, {"path": "./tsconfig.node.json"}]}',
        "tsconfig.app.json": PATHS,
        "tsconfig.node.json": '{"compilerOptions": {"paths": {"@components/*": ["./nowhere/*"]}}}',
    },
    "the first that is there": {
        "tsconfig.json": PATHS.replace('["./src/components/*"]', '["./nowhere/*", "./src/components/*"]'),
    },
}


@pytest.mark.parametrize("name", TSCONFIGS)
def test_g40_paths_of_a_tsconfig_are_aliases(configured: Runtime, name: str) -> None:
    app = "import A from '@components/Title'\nimport B from 'title'\nexport default () => <><A /><B /></>\n"
    outcome = configured.put({**FILES, "src/App.tsx": app, **TSCONFIGS[name]})
    assert (outcome.diagnostics, ignored(outcome)) == ([], [])
    assert text_of(configured).count('"/src/components/Title.tsx"') >= 2


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"extends": "@tsconfig/nowhere"}', '{"extends": "./tsconfig.json"}', "[" * 9000]
)
def test_g40_a_broken_tsconfig_never_stops_the_preview(configured: Runtime, text: str) -> None:
    assert configured.put({**FILES, "tsconfig.json": text}).diagnostics == []
    assert configured.control("GET", "/readyz").status == 200


def test_a_base_url_resolves_names_that_no_package_has(configured: Runtime) -> None:
    app = (
        "import Title from 'components/Title'\nimport { clsx } from 'clsx'\n"
        "export default () => <Title key={clsx()} />\n"
    )
    files = {**FILES, "src/App.tsx": app, "src/clsx.ts": "", "tsconfig.json": '{"compilerOptions": {"baseUrl": "src"}}'}
    assert configured.put(files).diagnostics == []
    assert '"/src/components/Title.tsx"' in text_of(configured)
    assert '"/src/clsx.ts"' not in text_of(configured)


@pytest.mark.parametrize("name", ["@/components/Title", "~/components/Title"])
def test_the_source_folder_has_its_usual_names_without_any_configuration(configured: Runtime, name: str) -> None:
    app = f"import Title from '{name}'\nexport default () => <Title />\n"
    assert configured.put({**FILES, "src/App.tsx": app}).diagnostics == []
    assert '"/src/components/Title.tsx"' in text_of(configured)


def test_the_usual_name_works_when_the_source_folder_comes_later(start: Start) -> None:
    runtime = start()
    app = "import Title from '@/Title'\nexport default () => <Title />\n"
    index = INDEX.replace("import './styles.css'\n", "")
    layout = Layout(root="src/frontend", entry="index.tsx", index="synthesised")
    runtime.put({"index.tsx": index, "App.tsx": "export default () => null\n"}, layout)
    outcome = runtime.patch({"App.tsx": app, "src/Title.tsx": FILES["src/components/Title.tsx"]})
    assert outcome.diagnostics == []
    assert '"/src/Title.tsx"' in text_of(runtime, "/App.tsx")


def test_an_alias_may_lead_out_of_the_vite_root_but_not_out_of_the_project(configured: Runtime) -> None:
    app = "import { id } from 'declarations/backend'\nexport default () => id\n"
    config = (
        "import path from 'path'\n"
        "export default { resolve: { alias: { declarations: path.resolve(__dirname, '../declarations') } } }"
    )
    web = {f"web/{name}": text for name, text in {**FILES, "src/App.tsx": app, "vite.config.js": config}.items()}
    layout = Layout(root="src/frontend/web", entry="src/index.tsx", index="synthesised")
    outcome = configured.put({**web, "declarations/backend/index.js": "export const id = 'aaaaa-aa'\n"}, layout)
    assert (outcome.diagnostics, ignored(outcome)) == ([], [])
    assert "/declarations/backend/index.js" in text_of(configured)


def test_an_alias_counts_in_stylesheets_and_globs_too(configured: Runtime) -> None:
    app = "import './styles.css'\nexport default () => Object.keys(import.meta.glob('@components/*.tsx'))\n"
    config = "export default { resolve: { alias: { '@components': '/src/components' } } }"
    css = "@import '@components/more.css';\n"
    files = {**FILES, "src/App.tsx": app, "src/styles.css": css, "src/components/more.css": ".more { color: red }\n"}
    assert configured.put({**files, "vite.config.js": config}).diagnostics == []
    assert ".more" in text_of(configured, "/src/styles.css")
    assert "/src/components/Title.tsx" in text_of(configured)


def test_other_plain_settings_count(configured: Runtime) -> None:
    config = (
        "export default { publicDir: 'static', css: { modules: { generateScopedName: 'kp_[local]' } },\n"
        "esbuild: { jsxInject: \"import './injected'\", include: /\\.[jt]sx?$/, exclude: [] },\n"
        "assetsInclude: '**/*.glb' }"
    )
    app = "import s from './x.module.css'\nimport m from './a.glb'\nexport default () => <i className={s.box}>{m}</i>\n"
    files = {
        "src/App.tsx": app, "src/x.module.css": ".box { color: red }", "src/injected.ts": "", "src/a.glb": "x",
        "static/hello.txt": "hi", "vite.config.ts": config,
    }  # fmt: skip
    assert configured.put({**FILES, **files}).diagnostics == []
    assert "kp_box" in text_of(configured, "/src/x.module.css")
    assert "/src/injected.ts" in text_of(configured)
    assert configured.get("/hello.txt").body == "hi"


# --- changes ---

CONFIG = "import path from 'path'\nexport default { define: { __X__: JSON.stringify('one') } }\n"


def test_g23_the_same_values_said_otherwise_change_nothing(start: Start) -> None:
    runtime = start()
    project = {**FILES, "vite.config.ts": CONFIG, ".env": "VITE_A=1\n", "tsconfig.json": PATHS, "package.json": "{}"}
    runtime.put(project)
    same: tuple[dict[str, str], ...] = (
        {},
        {"vite.config.ts": "// otherwise\nexport default () => ({ define: { ['__X__']: `\"one\"` }, base: '/x' })"},
        {".env": "# a comment\nVITE_A='1'\nHIDDEN=2\n"},
        {"tsconfig.json": PATHS.replace("as tsc --init", "otherwise")},
        {"package.json": '{"version": "2.0.0"}'},
        {"jsconfig.json": "{}"},
    )
    for change in same:
        assert runtime.patch(change).hmr.kind == HmrKind.NONE, change
    assert runtime.put(project).hmr.kind == HmrKind.NONE
    assert runtime.status()["restarts"] == 0


def test_a_value_that_changes_restarts_the_server_and_nothing_is_bundled_anew(start: Start) -> None:
    runtime = start()
    app = "import { clsx } from 'clsx'\nexport default () => <p className={clsx('a')}>{__X__}</p>\n"
    runtime.put({**FILES, "src/App.tsx": app, "vite.config.ts": CONFIG})
    titled = "import T from 'title'\nexport default () => <T />\n"
    bundled = runtime.folder / "files/src/frontend/.kontext-preview/deps/clsx.js"
    before = bundled.stat().st_ino
    changes: tuple[tuple[dict[str, str], str, str], ...] = (
        ({"vite.config.ts": CONFIG.replace("one", "two")}, "/@vite/env", '"two"'),
        ({".env": "VITE_NEW=1\n"}, "/src/Env.tsx", '"VITE_NEW": "1"'),
        ({"tsconfig.json": PATHS, "src/Env.tsx": titled}, "/src/Env.tsx", "/Title.tsx"),
    )
    runtime.patch({"src/Env.tsx": ENV_APP})
    for number, (change, url, sign) in enumerate(changes, 1):
        outcome = runtime.patch(change)
        assert (outcome.hmr.kind, outcome.diagnostics) == (HmrKind.RESTART, [])
        assert runtime.status()["restarts"] == number
        assert sign in text_of(runtime, url)
    assert bundled.stat().st_ino == before


def test_a_change_of_what_a_config_imports_counts(start: Start) -> None:
    runtime = start()
    config = "import { name } from './config/names'\nexport default { define: { __X__: JSON.stringify(name) } }\n"
    runtime.put({**FILES, "vite.config.ts": config, "config/names.ts": "export const name: string = 'one'\n"})
    assert '"__X__": "one"' in defined(runtime)
    outcome = runtime.patch({"config/names.ts": "export const name: string = 'two'\n"})
    assert outcome.hmr.kind == HmrKind.RESTART
    assert '"__X__": "two"' in defined(runtime)
