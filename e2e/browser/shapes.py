"""Shapes of projects that callers send: each renders an element with `data-test="shape"` into #root."""

from __future__ import annotations

from collections.abc import Mapping

from e2e.browser import project

_COMPONENT = 'export default function App() {\n  return <h1 data-test="shape" className="p-2">Here</h1>;\n}\n'
_RENDER = "createRoot(document.getElementById('root')).render(<App />);\n"
_ENTRY = f"import {{ createRoot }} from 'react-dom/client';\nimport App from './App';\n{_RENDER}"
_STYLED = f"import './index.css';\n{_ENTRY}"
_TAILWIND = "@tailwind base;\n@tailwind components;\n@tailwind utilities;\n"
_MANIFEST = '{"name": "shape", "type": "module", "dependencies": {"react": "^18", "react-dom": "^18"}}\n'

TAILWIND_CONFIG = "export default { content: ['./index.html', './src/**/*.{ts,tsx}'] };\n"
VITE_CONFIG = (
    "import { defineConfig } from 'vite';\nimport react from '@vitejs/plugin-react';\n"
    "export default defineConfig({ plugins: [react()], server: { port: 3000 } });\n"
)


def page(entry: str, title: str = "Mine") -> str:
    """An index.html of a project's own."""
    return (
        f'<!doctype html>\n<html lang="en">\n  <head><meta charset="utf-8"><title>{title}</title></head>\n'
        f'  <body><div id="root"></div><script type="module" src="/{entry}"></script></body>\n</html>\n'
    )


def _below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


_VITE = {
    "package.json": _MANIFEST,
    "index.html": page("src/main.tsx"),
    "vite.config.ts": VITE_CONFIG,
    "tailwind.config.js": TAILWIND_CONFIG,
    "postcss.config.js": "export default { plugins: { tailwindcss: {}, autoprefixer: {} } };\n",
    "src/main.tsx": _STYLED,
    "src/App.tsx": _COMPONENT,
    "src/index.css": _TAILWIND,
}

SHAPES: dict[str, dict[str, str]] = {
    "a whole project of the caller": {**project.files({project.APP: _COMPONENT})},
    "the same below a folder with spaces and accents": _below(
        "Mein täglicher Plan", project.files({project.APP: _COMPONENT})
    ),
    "the same below code/<Name>": _below("code/My App", project.files({project.APP: _COMPONENT})),
    "one index.tsx": {
        "src/index.tsx": "import { createRoot } from 'react-dom/client';\n"
        "createRoot(document.getElementById('root')!).render(<h1 data-test=\"shape\">Here</h1>);\n"
    },
    "one App.tsx": {"App.tsx": _COMPONENT},
    "bare names": {"index.tsx": _STYLED, "App.tsx": _COMPONENT, "index.css": _TAILWIND, "package.json": _MANIFEST},
    "a plain Vite project": _VITE,
    "a plain Vite project in a folder": _below("my-app", _VITE),
    "JavaScript only": {
        "package.json": _MANIFEST,
        "index.html": page("src/main.jsx"),
        "src/main.jsx": _ENTRY,
        "src/App.jsx": _COMPONENT,
    },
    "no manifest and no index.html": {"src/frontend/src/main.jsx": _ENTRY, "src/frontend/src/App.jsx": _COMPONENT},
    "a project in fences": {name: f"```\n{text}```" for name, text in project.files({project.APP: _COMPONENT}).items()},
}
