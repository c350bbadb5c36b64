"""What Vite really does with a batch, and what the answer says of it."""

from __future__ import annotations

import re

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime
from tests.runtime.project import APP, CSS, FILES, INDEX, TITLE

from preview_core.wire import HmrKind, Layout


@pytest.fixture
def runtime(start: Start) -> Runtime:
    runtime = start()
    assert runtime.put(FILES).diagnostics == []
    return runtime


def test_a_component_edit_is_an_update_of_that_component(runtime: Runtime) -> None:
    outcome = runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Goodbye")})
    assert (outcome.hmr.kind, outcome.hmr.modules) == (HmrKind.UPDATE, ["/src/components/Title.tsx"])
    assert "Goodbye" in runtime.get("/src/components/Title.tsx").body


def test_react_refresh_renders_without_waiting_for_modules_of_another_message(runtime: Runtime) -> None:
    refresh = runtime.get("/@react-refresh").body
    at_once = r"performReactRefresh\(\)\s*setTimeout\(performReactRefresh, 16\)\s*}, 0\)"
    assert re.search(at_once, refresh), "plugin-react waits again, or says it differently"


def test_a_page_asks_for_a_restarted_server_without_a_worker_that_browsers_refuse(runtime: Runtime) -> None:
    client = runtime.get("/@vite/client").body
    assert "new SharedWorker" in client, "Vite's client waits in another way now: see whether it works in a frame"
    assert "typeof SharedWorker" not in client


def test_g30_a_hidden_page_does_not_ask_for_a_server_before_it_is_shown(runtime: Runtime) -> None:
    client = runtime.get("/@vite/client").body
    first = 'if (visibilityManager.currentState === "visible" && await ping()) return;'
    assert client.count(first) == 1, "Vite's client waits in another way: a hidden page may wake a preview"


def test_a_page_waits_with_an_update_until_the_module_has_said_what_it_does_with_one(runtime: Runtime) -> None:
    client = runtime.get("/@vite/client").body
    waits = r"mod\.callbacks\.length === 0; .*\n\s*const qualifiedCallbacks = "
    assert re.search(waits, client), "Vite's client loads updates in another way now: see whether it loses any"


def test_a_css_rule_is_css(runtime: Runtime) -> None:
    outcome = runtime.patch({"src/styles.css": CSS.replace("1, 2, 3", "4, 5, 6")})
    assert (outcome.hmr.kind, outcome.hmr.modules) == (HmrKind.CSS, ["/src/styles.css"])


def test_a_new_class_name_brings_its_utility(runtime: Runtime) -> None:
    outcome = runtime.patch({"src/App.tsx": APP.replace("p-2", "p-[13px]")})
    assert set(outcome.hmr.modules) == {"/src/App.tsx", "/src/styles.css"}
    assert "padding: 13px" in runtime.get("/src/styles.css").body


@pytest.mark.parametrize(
    ("rule", "computed"),
    [
        (".x { color: rgb(9, 8, 7) }", "rgb(9, 8, 7)"),
        ("@layer components { .accent { padding: 77px } }", "padding: 77px"),
        (".x { @apply pt-[78px] }", "padding-top: 78px"),
        (".y { color: red } .x { @apply y; margin: 79px }", "margin: 79px"),
        (".x { margin: theme('spacing.96') }", "margin: 24rem"),
        ("@media (min-width: 81px) { .x { color: red } }", "min-width: 81px"),
    ],
)
def test_every_kind_of_css_edit_comes_and_goes(runtime: Runtime, rule: str, computed: str) -> None:
    app = APP.replace('className="p-2"', 'className="p-2 accent"')
    runtime.patch({"src/App.tsx": app})
    assert runtime.patch({"src/styles.css": CSS + rule}).hmr.kind == HmrKind.CSS
    assert computed in runtime.get("/src/styles.css").body
    assert runtime.patch({"src/styles.css": CSS}).hmr.kind == HmrKind.CSS
    assert computed not in runtime.get("/src/styles.css").body


def test_a_class_that_exists_leaves_the_stylesheet_and_a_new_one_after_it_does_not(runtime: Runtime) -> None:
    used_elsewhere = TITLE.replace("<h1>", "<h1 className='p-2'>")
    assert runtime.patch({"src/components/Title.tsx": used_elsewhere}).hmr.modules == ["/src/components/Title.tsx"]
    moved = APP.replace("p-2", "p-2 p-2")
    assert runtime.patch({"src/App.tsx": moved}).hmr.modules == ["/src/App.tsx"]
    coloured = runtime.patch({"src/App.tsx": moved.replace("p-2 p-2", "p-2 text-[#123456]")})
    assert "/src/styles.css" in coloured.hmr.modules
    assert "rgb(18 52 86" in runtime.get("/src/styles.css").body


def test_a_changed_tailwind_theme_is_css_without_a_reload(runtime: Runtime) -> None:
    runtime.patch({"src/App.tsx": APP.replace("p-2", "text-brand")})
    theme = "export default { content: ['./src/**/*.tsx'], theme: { extend: { colors: { brand: '%s' } } } }"
    for colour, computed in (("#010203", "rgb(1 2 3"), ("#040506", "rgb(4 5 6")):
        assert runtime.patch({"tailwind.config.js": theme % colour}).hmr.kind == HmrKind.CSS
        assert computed in runtime.get("/src/styles.css").body


def test_a_new_component_its_import_and_its_use_in_one_batch_is_one_update(runtime: Runtime) -> None:
    outcome = runtime.patch(
        {
            "src/App.tsx": "import New from './New'\n" + APP.replace("<Title />", "<Title /><New />"),
            "src/New.tsx": "export default function New() { return <i>new</i> }\n",
        }
    )
    assert outcome.hmr.kind == HmrKind.UPDATE
    assert outcome.diagnostics == []


def test_a_class_that_only_a_new_component_uses_comes_with_it(runtime: Runtime) -> None:
    outcome = runtime.patch(
        {
            "src/App.tsx": "import New from './New'\n" + APP.replace("<Title />", "<Title /><New />"),
            "src/New.tsx": "export default function New() { return <i className='mt-[31px]'>new</i> }\n",
        }
    )
    assert "/src/styles.css" in outcome.hmr.modules
    assert "margin-top: 31px" in runtime.get("/src/styles.css").body


def test_a_class_of_a_component_that_waited_for_its_importer_comes_with_the_import(runtime: Runtime) -> None:
    new = "export default function New() { return <i className='mt-[32px]'>new</i> }\n"
    assert runtime.patch({"src/New.tsx": new}).hmr.kind == HmrKind.NONE
    runtime.patch({"src/App.tsx": "import New from './New'\n" + APP.replace("<Title />", "<Title /><New />")})
    assert "margin-top: 32px" in runtime.get("/src/styles.css").body


def test_a_class_that_comes_into_a_component_after_it_was_added_brings_its_utility(runtime: Runtime) -> None:
    new = "export default function New() { return <i className='p-2'>new</i> }\n"
    app = "import New from './New'\n" + APP.replace("<Title />", "<Title /><New />")
    assert "/src/styles.css" not in runtime.patch({"src/App.tsx": app, "src/New.tsx": new}).hmr.modules
    outcome = runtime.patch({"src/New.tsx": new.replace("p-2", "mt-[33px]")})
    assert set(outcome.hmr.modules) == {"/src/New.tsx", "/src/styles.css"}
    assert "margin-top: 33px" in runtime.get("/src/styles.css").body


def test_a_file_that_nothing_imports_is_no_message(runtime: Runtime) -> None:
    assert runtime.patch({"src/Unused.tsx": TITLE}).hmr.kind == HmrKind.NONE


def test_a_syntax_error_is_held_with_its_place_and_its_fix_is_an_update(runtime: Runtime) -> None:
    broken = runtime.patch({"src/App.tsx": "export default function App() { return <main> }\n"})
    assert broken.hmr.kind == HmrKind.ERROR
    assert broken.diagnostics[0].path == "src/frontend/src/App.tsx"
    assert broken.diagnostics[0].line == 1
    assert runtime.status()["lastError"]["path"] == "src/frontend/src/App.tsx"
    fixed = runtime.patch({"src/App.tsx": APP})
    assert (fixed.hmr.kind, fixed.diagnostics) == (HmrKind.UPDATE, [])
    assert runtime.status()["lastError"] is None


def test_an_edit_elsewhere_lands_while_another_file_is_broken(runtime: Runtime) -> None:
    runtime.patch({"src/App.tsx": "broken <"})
    outcome = runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Still alive")})
    assert outcome.hmr.kind == HmrKind.UPDATE


def test_what_came_with_a_broken_file_is_sent_with_its_fix(runtime: Runtime) -> None:
    held = runtime.patch({"src/App.tsx": "broken <", "src/components/Title.tsx": TITLE.replace("Hello", "Held")})
    assert held.hmr.kind == HmrKind.ERROR
    fixed = runtime.patch({"src/App.tsx": APP})
    assert set(fixed.hmr.modules) >= {"/src/App.tsx", "/src/components/Title.tsx"}


def test_a_missing_import_is_held_until_the_file_comes(runtime: Runtime) -> None:
    importer = "import New from './New'\n" + APP.replace("<Title />", "<New />")
    assert runtime.patch({"src/App.tsx": importer}).hmr.kind == HmrKind.ERROR
    assert "/src/App.tsx" in runtime.patch({"src/New.tsx": TITLE}).hmr.modules


def test_a_file_that_is_still_imported_cannot_go_unnoticed(runtime: Runtime) -> None:
    outcome = runtime.patch(delete=("src/components/Title.tsx",))
    assert outcome.hmr.kind == HmrKind.ERROR
    assert runtime.patch({"src/components/Title.tsx": TITLE}).diagnostics == []


def test_a_rename_with_its_importer_in_one_batch_is_an_update_without_the_old_file(runtime: Runtime) -> None:
    outcome = runtime.patch(
        {"src/Heading.tsx": TITLE, "src/App.tsx": APP.replace("./components/Title", "./Heading")},
        delete=("src/components/Title.tsx",),
    )
    assert outcome.hmr.kind == HmrKind.UPDATE
    assert "/src/components/Title.tsx" not in outcome.hmr.modules


def test_an_unused_file_goes_without_a_message_to_components(runtime: Runtime) -> None:
    runtime.patch({"src/Unused.tsx": TITLE})
    assert runtime.patch(delete=("src/Unused.tsx",)).hmr.kind in {HmrKind.NONE, HmrKind.CSS}


def test_a_project_that_arrives_broken_reloads_its_pages_once_it_is_mended(start: Start) -> None:
    runtime = start()
    assert runtime.put({**FILES, "src/App.tsx": "broken <"}).diagnostics[0].line == 1
    assert runtime.control("GET", "/readyz").status == 200
    assert runtime.patch({"src/App.tsx": APP}).hmr.kind == HmrKind.FULL_RELOAD


def test_g23_the_same_tree_a_hundred_times_is_no_message_and_no_restart(runtime: Runtime) -> None:
    kinds = {runtime.put(FILES).hmr.kind for _ in range(100)}
    assert kinds == {HmrKind.NONE}
    assert runtime.status()["restarts"] == 0


def test_an_environment_file_restarts_the_dev_server_and_applies(runtime: Runtime) -> None:
    runtime.patch({"src/App.tsx": APP.replace("<Title />", "{import.meta.env.VITE_NAME}")})
    assert runtime.patch({".env": "VITE_NAME=from-the-file\n"}).hmr.kind == HmrKind.RESTART
    assert "from-the-file" in runtime.get("/src/App.tsx").body
    assert runtime.status()["restarts"] == 1


def test_a_changed_index_html_reloads(start: Start) -> None:
    runtime = start()
    page = '<!doctype html><title>Mine</title><div id="root"></div><script type="module" src="/src/index.tsx"></script>'
    layout = Layout(root="src/frontend", entry="src/index.tsx", index="project")
    runtime.put({**FILES, "index.html": page}, layout)
    assert "<title>Mine</title>" in runtime.get("/", accept="text/html").body
    assert runtime.patch({"index.html": page.replace("Mine", "Yours")}).hmr.kind == HmrKind.FULL_RELOAD
    assert "<title>Yours</title>" in runtime.get("/", accept="text/html").body


def test_a_component_alone_is_mounted(start: Start) -> None:
    runtime = start()
    layout = Layout(root="src/frontend", entry="src/App.tsx", index="synthesised", mount=True)
    outcome = runtime.put({"src/App.tsx": "export default () => <p>alone</p>\n"}, layout)
    assert outcome.diagnostics == []
    assert "/src/App.tsx" in runtime.get("/@kontext-preview/mount.jsx").body


def test_g24_an_update_of_one_file_leaves_the_others(runtime: Runtime) -> None:
    runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Changed")})
    on_disk = {
        p.relative_to(runtime.folder / "files").as_posix()
        for p in (runtime.folder / "files").rglob("*.*")
        if p.is_file()
    }
    assert {f"src/frontend/{name}" for name in FILES} <= on_disk
    assert (runtime.folder / "files/src/frontend/src/index.tsx").read_text() == INDEX


def test_a_module_that_moves_is_found_again_by_importers_that_nobody_edited(runtime: Runtime) -> None:
    moved = runtime.patch({"src/components/Title/index.tsx": TITLE}, delete=("src/components/Title.tsx",))
    assert (moved.hmr.kind, moved.diagnostics) == (HmrKind.UPDATE, [])
    assert "/src/components/Title/index.tsx" in runtime.get("/src/App.tsx").body
    renamed = runtime.patch({"src/App.jsx": APP}, delete=("src/App.tsx",))
    assert renamed.diagnostics == []
    assert "/src/App.jsx" in runtime.get("/src/index.tsx").body


def test_a_deleted_import_is_told_at_its_importer(runtime: Runtime) -> None:
    (told, *_) = runtime.patch(delete=("src/components/Title.tsx",)).diagnostics
    assert (told.path, told.line is not None) == ("src/frontend/src/App.tsx", True)


def test_a_style_config_that_arrives_broken_is_named_and_its_fix_leaves_the_session_ready(start: Start) -> None:
    runtime = start()
    (told, *_) = runtime.put({**FILES, "tailwind.config.js": "throw new Error('boom')"}).diagnostics
    assert (told.path, told.message) == ("src/frontend/tailwind.config.js", "boom")
    assert runtime.control("GET", "/readyz").status == 200
    runtime.patch({"tailwind.config.js": "module.exports = { content: ['./src/**/*.tsx'] }"})
    assert runtime.control("GET", "/readyz").status == 200
    assert "padding: 0.5rem" in runtime.get("/src/styles.css").body


def test_a_comment_that_speaks_of_tailwind_is_no_directive(start: Start) -> None:
    runtime = start()
    runtime.put({**FILES, "src/styles.css": CSS + "/* once: @tailwind components; */"})
    assert runtime.control("GET", "/readyz").status == 200


def test_what_a_tailwind_config_imports_applies_too(runtime: Runtime) -> None:
    runtime.patch({"src/App.tsx": APP.replace("p-2", "text-brand")})
    config = "module.exports = { content: ['./src/**/*.tsx'], theme: { colors: require('./theme.cjs') } }"
    runtime.patch({"tailwind.config.js": config, "theme.cjs": "module.exports = { brand: '#010203' }"})
    assert "rgb(1 2 3" in runtime.get("/src/styles.css").body
    assert runtime.patch({"theme.cjs": "module.exports = { brand: '#040506' }"}).hmr.kind == HmrKind.CSS
    assert "rgb(4 5 6" in runtime.get("/src/styles.css").body


def test_a_worker_that_does_not_compile_is_held(runtime: Runtime) -> None:
    worker = "new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })\n"
    runtime.patch({"src/worker.ts": "self.onmessage = () => {}\n", "src/App.tsx": worker + APP})
    assert runtime.get("/src/worker.ts?worker_file&type=module").status == 200
    assert runtime.patch({"src/worker.ts": "self.onmessage = e =>\n"}).hmr.kind == HmrKind.ERROR
    assert runtime.patch({"src/worker.ts": "self.onmessage = () => 1\n"}).hmr.kind == HmrKind.FULL_RELOAD
