"""Projects that arrive in pieces: half-written, wrong, then mended while somebody looks at them."""

from __future__ import annotations

from e2e.corpus.checks import contains, gone, text
from e2e.corpus.project import Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, studio

_SRC = STUDIO + "src/"

_GOOD = r"""
import Counter from './Counter';

export default function App() {
  return <main><h1 id="title">Complete</h1><Counter /></main>;
}
"""

SYNTAX = Project(
    "syntax-error-first",
    "the first post has a half-written component; the second completes it, a third breaks it again",
    studio(
        r"""
-- src/App.tsx --
import Counter from './Counter';

export default function App() {
  return <main><h1 id="title">Comp
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "Complete")],
    [
        Edit(
            "broken while it is shown",
            {_SRC + "App.tsx": ("<Counter /></main>", "<Counter /></mai")},
            expect=[text("#title", "Complete")],
            held=True,
        ),
        Edit(
            "mended with another text",
            files={_SRC + "App.tsx": _GOOD.replace("Complete", "Mended")},
            expect=[text("#title", "Mended"), gone("vite-error-overlay")],
        ),
        Edit(
            "an import of nothing",
            files={
                _SRC + "App.tsx": _GOOD.replace("Complete", "Mended")
                .replace("import Counter", "import Missing from './Missing';\nimport Counter")
                .replace("<Counter />", "<Counter /><Missing />")
            },
            expect=[text("#title", "Mended")],
            held=True,
        ),
        Edit(
            "the missing file",
            files={_SRC + "Missing.tsx": "export default function Missing() {\n  return null;\n}\n"},
            expect=[text("#title", "Mended"), gone("vite-error-overlay")],
        ),
    ],
    mended_by=Edit("completed", files={_SRC + "App.tsx": _GOOD}),
    counter="#count",
    noise=["vite", "500", "dynamically imported module", "App.tsx", "ERR_ABORTED"],
)

JUNK = Project(
    "junk-first",
    "placeholders, `[object Object]` and numbers for text at first, the real contents in the second post",
    studio(
        r"""
-- src/App.tsx --
// File detected - content incoming...
-- src/Counter.tsx --
[object Object]
-- src/helpers.ts --
0,97,115,109
"""
    ),
    [text("#title", "Complete")],
    [
        Edit(
            "junk again: what is there stays",
            files={_SRC + "App.tsx": "// File detected - content incoming..."},
            expect=[text("#title", "Complete")],
        ),
        Edit(
            "real again",
            files={_SRC + "App.tsx": _GOOD.replace("Complete", "Complete again")},
            expect=[text("#title", "Complete again")],
        ),
    ],
    mended_by=Edit(
        "the real contents",
        files={
            _SRC + "App.tsx": _GOOD,
            _SRC + "Counter.tsx": COUNTER,
            _SRC + "helpers.ts": "export const nothing = 0;\n",
        },
    ),
    counter="#count",
    noise=["vite", "500", "dynamically imported module", "does not provide an export", "ERR_ABORTED", "element type"],
)

STYLES_BROKEN = Project(
    "broken-styles",
    "a stylesheet and a Tailwind config that break and are mended while the app is used",
    studio(
        r"""
-- src/App.tsx --
import Counter from './Counter';

export default function App() {
  return <main className="p-4"><h1 id="title">Styled</h1><Counter /></main>;
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "Styled")],
    [
        Edit(
            "an unknown class in @apply",
            {_SRC + "styles.css": ("@tailwind utilities;", "@tailwind utilities;\nh1 { @apply no-such-class; }")},
            expect=[text("#title", "Styled")],
            held=True,
        ),
        Edit(
            "an edit of a component meanwhile",
            {_SRC + "App.tsx": (">Styled<", ">Styled on<")},
            expect=[text("#title", "Styled on")],
        ),
        Edit(
            "mended",
            {_SRC + "styles.css": ("no-such-class", "underline")},
            expect=[contains("style", "underline")],
        ),
        Edit(
            "a config that throws",
            {STUDIO + "tailwind.config.js": ("module.exports", "throw new Error('no theme');\nmodule.exports")},
            expect=[text("#title", "Styled on")],
            held=True,
        ),
        Edit(
            "a config that does not",
            {STUDIO + "tailwind.config.js": ("throw new Error('no theme');\n", "")},
            expect=[text("#title", "Styled on")],
        ),
    ],
    counter="#count",
)

RENAMES = Project(
    "renames-and-deletes",
    "a component renamed with its importers, a folder moved, unused files deleted, a new entry name",
    studio(
        r"""
-- src/App.tsx --
import Counter from './Counter';
import { Panel } from './components/Panel';

export default function App() {
  return <main><Panel title="First" /><Counter /></main>;
}
-- src/components/Panel.tsx --
export function Panel({ title }: { title: string }) {
  return <h1 id="title">{title}</h1>;
}
-- src/components/Unused.tsx --
export const Unused = () => null;
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "First")],
    [
        Edit("an unused file", deleted=[_SRC + "components/Unused.tsx"], expect=[text("#title", "First")]),
        Edit(
            "renamed and moved in one batch",
            {
                _SRC + "App.tsx": (
                    "import { Panel } from './components/Panel';",
                    "import { Pane as Panel } from './components/panes/Pane';",
                )
            },
            {
                _SRC + "components/panes/Pane.tsx": "export function Pane({ title }: { title: string }) {\n"
                '  return <h1 id="title">{title}, moved</h1>;\n}\n'
            },
            deleted=[_SRC + "components/Panel.tsx"],
            expect=[text("#title", "First, moved")],
        ),
        Edit(
            "deleted while it is imported",
            deleted=[_SRC + "components/panes/Pane.tsx"],
            expect=[text("#title", "First, moved")],
            held=True,
        ),
        Edit(
            "back again, as .jsx",
            files={
                _SRC + "components/panes/Pane.jsx": "export function Pane({ title }) {\n"
                '  return <h1 id="title">{title}, back</h1>;\n}\n'
            },
            expect=[text("#title", "First, back")],
            keeps=Keeps.PAGE,
        ),
    ],
    counter="#count",
)

PROJECTS = (SYNTAX, JUNK, STYLES_BROKEN, RENAMES)
