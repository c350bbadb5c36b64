"""The project of these tests: a counter and a field hold state, everything else is there to be edited."""

from __future__ import annotations

from collections.abc import Mapping

COUNTER = "src/frontend/src/components/Counter.tsx"
TITLE = "src/frontend/src/components/Title.tsx"
STYLES = "src/frontend/src/styles.css"
APP = "src/frontend/src/App.tsx"

_INDEX = """\
import { createRoot } from 'react-dom/client';
import App from './App';
import './styles.css';

createRoot(document.getElementById('root')!).render(<App />);
"""


def counter(label: str = "Clicked", classes: str = "p-2") -> str:
    """A component with state: a number of clicks and the text of a field."""
    return (
        "import { useState } from 'react';\n\n"
        "export default function Counter() {\n"
        "  const [count, setCount] = useState(0);\n"
        "  const [note, setNote] = useState('');\n"
        "  return (\n"
        f'    <section data-test="box" className="{classes}">\n'
        f'      <span data-test="label">{label}</span>\n'
        '      <button data-test="count" onClick={() => setCount(count + 1)}>{count}</button>\n'
        '      <input data-test="note" value={note} onChange={(event) => setNote(event.target.value)} />\n'
        "    </section>\n"
        "  );\n"
        "}\n"
    )


def title(text: str = "First") -> str:
    """A component without state."""
    return f'export default function Title() {{\n  return <h1 data-test="title">{text}</h1>;\n}}\n'


def app(*extra: str) -> str:
    """The root component; each name in `extra` is imported from ./components and rendered too."""
    names = ("Title", "Counter", *extra)
    imports = "".join(f"import {name} from './components/{name}';\n" for name in names)
    body = "".join(f"<{name} />" for name in names)
    return f"{imports}\nexport default function App() {{\n  return <main>{body}</main>;\n}}\n"


def styles(width: int = 1) -> str:
    """Tailwind, and one rule of our own: the border of the title."""
    return (
        "@tailwind base;\n@tailwind components;\n@tailwind utilities;\n"
        f"h1 {{ border-left: {width}px solid rgb(79, 70, 229); }}\n"
    )


def files(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole project, tree path -> text, with `changes` over it. There is no index.html, as from the caller."""
    return {
        "src/frontend/package.json": '{"name": "note", "dependencies": {"react": "^18", "react-dom": "^18"}}\n',
        "src/frontend/postcss.config.js": "module.exports = { plugins: { tailwindcss: {}, autoprefixer: {} } };\n",
        "src/frontend/tailwind.config.js": "module.exports = { content: ['./index.html', './src/**/*.{ts,tsx}'] };\n",
        "src/frontend/src/index.tsx": _INDEX,
        APP: app(),
        COUNTER: counter(),
        TITLE: title(),
        STYLES: styles(),
        **(changes or {}),
    }
