"""What generated projects have in common: the files around their components."""

from __future__ import annotations

import json
from collections.abc import Mapping

from e2e.corpus.bundle import bundle

Files = tuple[tuple[str, str], ...]

STUDIO = "src/frontend/"

_AROUND = bundle(r"""
-- postcss.config.js --
module.exports = {
  plugins: {
    tailwindcss: {},
    autoprefixer: {},
  },
};
-- tailwind.config.js --
/** @type {import('tailwindcss').Config} */
module.exports = {
  content: ['./index.html', './src/**/*.{js,ts,jsx,tsx}'],
  theme: { extend: {} },
  plugins: [],
};
-- src/index.tsx --
import React from 'react';
import ReactDOM from 'react-dom/client';
import App from './App';
import './styles.css';

ReactDOM.createRoot(document.getElementById('root') as HTMLElement).render(
  <React.StrictMode>
    <App />
  </React.StrictMode>
);
-- src/styles.css --
@tailwind base;
@tailwind components;
@tailwind utilities;
""")

# Noise of a page that came before the packages of its session were installed, and is loaded again when they are.
INSTALLING = ("status of 500", "dynamically imported module", "vite", r": 500$", "ERR_ABORTED")

# A button whose text is the number of clicks: the state that an edit has to keep.
COUNTER = """\
import { useState } from 'react';

export default function Counter() {
  const [count, setCount] = useState(0);
  return <button id="count" className="rounded border px-2" onClick={() => setCount(count + 1)}>{count}</button>;
}
"""


def manifest(*names: str, **more: object) -> str:
    """A package.json with React and these dependencies, each `name` or `name@range`."""
    dependencies = {"react": "^18.2.0", "react-dom": "^18.2.0"}
    for name in names:
        at = name.rfind("@", 1)
        dependencies |= {name: "latest"} if at < 0 else {name[:at]: name[at + 1 :]}
    return json.dumps({"name": "frontend", "private": True, "dependencies": dependencies, **more}, indent=2) + "\n"


def studio(text: str, *dependencies: str, prefix: str = "", without: tuple[str, ...] = ()) -> Files:
    """An "icpstudio" project: the files of the bundle `text` below src/frontend, over what every such project has."""
    files = {"package.json": manifest(*dependencies), **_AROUND, **bundle(text)}
    return tuple((prefix + STUDIO + name, content) for name, content in files.items() if name not in without)


def plain(text: str) -> Files:
    """Just the files of the bundle."""
    return listed(bundle(text))


def listed(files: Mapping[str, str]) -> Files:
    """In order."""
    return tuple(files.items())
