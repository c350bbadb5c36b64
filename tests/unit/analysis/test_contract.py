"""The cases of contract section 6, by their numbers."""

from __future__ import annotations

import pytest
from tests.unit.analysis.project import APP, CARD, ROOT, TREE, S, levels, replaced, report

from preview_core.batch import Incoming, apply

RED = "color: 'red'"
REACT = '"react": "^18.0.0"'
MANIFEST = ROOT + "package.json"


@pytest.mark.parametrize(
    ("files", "level", "change_type"),
    [
        pytest.param(replaced(S + "styles.css", "red", "blue"), "css", "css", id="1 a rule's value"),
        pytest.param({S + "new.css": ".x { top: 0 }"}, "noop", "css", id="2 a stylesheet that nothing imports"),
        pytest.param(replaced(S + "App.tsx", '"p-2"', '"p-4"'), "refresh", "style", id="3 a class name"),
        pytest.param(replaced(S + "components/Card.tsx", "'p-2'", "'p-4'"), "refresh", "style", id="4 in cn()"),
        pytest.param(replaced(S + "App.tsx", RED, "color: 'blue'"), "refresh", "style", id="5 an inline style"),
        pytest.param(replaced(S + "App.tsx", "px`", "em`"), "refresh", "style", id="5 with an expression inside"),
        pytest.param(
            replaced(S + "components/Card.tsx", "style={compute(1)}", "style={other(2)}"),
            "refresh",
            "structure",
            id="6 a style that is computed",
        ),
        pytest.param(replaced(S + "App.tsx", ">Hello<", ">Good day<"), "refresh", "content", id="7 a text"),
        pytest.param(replaced(S + "App.tsx", '"Search"', '"Find"'), "refresh", "content", id="7 a placeholder"),
        pytest.param(
            replaced(S + "components/Card.tsx", "return", "useEffect(() => {}, []);\n  return"),
            "remount",
            "structure",
            id="8 an effect in an arrow component",
        ),
        pytest.param(replaced(S + "App.tsx", "<h1>", "<hr /><h1>"), "refresh", "structure", id="9 an element"),
        pytest.param({S + "Other.tsx": "export const Other = () => <i />;"}, "noop", "content", id="11 unimported"),
        pytest.param(
            replaced(S + "App.tsx", "  return (", "  // why\n  return ("), "noop", "content", id="12 a comment"
        ),
        pytest.param(
            {S + "App.tsx": APP.replace("(\n    <main", "<main").replace("</main>\n  );", "</main>").replace("'", '"')},
            "noop",
            "content",
            id="12 layout",
        ),
        pytest.param({S + "App.tsx": APP}, "noop", "content", id="12 identical"),
        pytest.param(
            {S + "App.tsx": "import dayjs from 'dayjs';\n" + APP.replace("Hello", "{dayjs()}")},
            "install",
            "dependency",
            id="13 a package that is not there",
        ),
        pytest.param(replaced(MANIFEST, "1.0.0", "1.0.1"), "noop", "dependency", id="14 the version"),
        pytest.param(replaced(MANIFEST, "{}", '{"dev": "vite"}'), "noop", "dependency", id="14 a script"),
        pytest.param(
            replaced(MANIFEST, '"react-dom": "^18.0.0"', '"react-dom": "^18.0.0", "dayjs": "^1"'),
            "install",
            "dependency",
            id="14 a new one",
        ),
        pytest.param(
            replaced(MANIFEST, '"react": "^18.0.0"', '"react": "^18.2.0"'), "noop", "dependency", id="14 bump"
        ),
        pytest.param(
            replaced(MANIFEST, '"react": "^18.0.0"', '"react": "^19"'), "install", "dependency", id="14 major"
        ),
        pytest.param(replaced(MANIFEST, "{}", "{"), "hold", "dependency", id="14 invalid"),
        pytest.param(
            replaced(ROOT + "tailwind.config.js", "extend: {}", "extend: { colors: { brand: '#123456' } }"),
            "css",
            "css",
            id="15 a theme",
        ),
        pytest.param(replaced(ROOT + "vite.config.ts", "'1'", "'2'"), "restart", "structure", id="16 define"),
        pytest.param(replaced(ROOT + "vite.config.ts", "3000", "4000"), "noop", "structure", id="16 a port"),
        pytest.param(replaced(ROOT + "index.html", "<body>", '<body class="x">'), "reload", "structure", id="17 page"),
        pytest.param({"src/backend/main.mo": "actor { }"}, "backend", "backend", id="18 a backend file"),
        pytest.param(replaced(S + "types.ts", "id: string", "id: number"), "noop", "content", id="19 types only"),
        pytest.param(
            replaced(S + "hooks/useCounter.ts", "count + 1", "count + 2"), "refresh", "structure", id="20 a hook's body"
        ),
        pytest.param(replaced(S + "App.tsx", "</h1>", ""), "hold", "structure", id="21 a syntax error"),
        pytest.param({S + "components/Card.tsx": None}, "hold", "structure", id="22 deleted, still imported"),
        pytest.param({S + "Unused.tsx": None}, "noop", "structure", id="22 deleted, unused"),
        pytest.param({"README.md": "# Other"}, "noop", "content", id="24 a readme"),
        pytest.param({ROOT + "yarn.lock": "# yarn"}, "noop", "dependency", id="24 a lock file"),
    ],
)
def test_a_case_of_the_contract_has_its_level(files: dict[str, str | None], level: str, change_type: str) -> None:
    (entry,) = report(files)["changes"]
    assert (entry["level"], entry["changeType"]) == (level, change_type), entry["reason"]
    assert entry["canHotReload"] == (level in {"noop", "css", "refresh"})
    assert entry["requiresDeployment"] == (level == "backend")


def test_10_a_new_component_with_import_and_use_in_one_batch_is_refreshed() -> None:
    app = "import { Other } from './Other';\n" + APP.replace("<h1>", "<Other /><h1>")
    assert levels({S + "App.tsx": app, S + "Other.tsx": "export const Other = () => <i />;"}) == ["refresh", "refresh"]


def test_18_styles_beside_a_backend_file_stay_hot() -> None:
    found = report({"src/backend/main.mo": "actor { }", **replaced(S + "styles.css", "red", "blue")})
    assert found["strategy"] == "hot-reload"
    assert [change["requiresDeployment"] for change in found["changes"]] == [True, False]


def test_18_a_backend_file_alone_is_deployed() -> None:
    assert report({"src/backend/main.mo": "actor { }"})["strategy"] == "full-deploy"
    assert report({"src/backend/main.mo": "actor { }", "README.md": "x"})["strategy"] == "full-deploy"


def test_21_the_mend_of_a_syntax_error_is_refreshed() -> None:
    broken = apply(TREE, [Incoming(S + "App.tsx", APP.replace("</h1>", ""))]).tree
    assert levels({S + "App.tsx": APP}, broken) == ["refresh"]


def test_23_a_rename_with_its_importers_is_refreshed() -> None:
    files = {
        S + "components/Card.tsx": None,
        S + "components/Tile.tsx": CARD,
        S + "App.tsx": APP.replace("./components/Card", "./components/Tile"),
    }
    assert sorted(levels(files)) == ["noop", "refresh", "refresh"]


def test_a_key_of_a_manifest_in_another_place_is_a_noop() -> None:
    first = '{"dependencies": {"react": "^18.0.0", "react-dom": "^18.0.0"}, "name": "app"}'
    assert levels({MANIFEST: first}) == ["noop"]
