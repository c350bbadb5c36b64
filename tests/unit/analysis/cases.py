"""The cases of contract section 6 that are one file's, by their numbers: (files, level, change type)."""

from __future__ import annotations

import pytest
from tests.unit.analysis.project import APP, ROOT, S, replaced

RED = "color: 'red'"
REACT = '"react": "^18.0.0"'
MANIFEST = ROOT + "package.json"

CASES = [
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
    pytest.param(replaced(S + "App.tsx", "  return (", "  // why\n  return ("), "noop", "content", id="12 a comment"),
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
    pytest.param(replaced(MANIFEST, '"react": "^18.0.0"', '"react": "^18.2.0"'), "noop", "dependency", id="14 bump"),
    pytest.param(replaced(MANIFEST, '"react": "^18.0.0"', '"react": "^19"'), "install", "dependency", id="14 major"),
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
]
