"""A small project, and batches against it as a caller sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preview_core.analysis import analyse
from preview_core.batch import Incoming, apply
from preview_core.filetree import File, FileTree

INSTALLED = {"react": "18.3.1", "react-dom": "18.3.1", "tailwindcss": "3.4.17", "zod": "3.25.1"}

APP = """import { useState } from 'react';
import Card from './components/Card';
import { useCounter } from './hooks/useCounter';
import { total } from './lib/total';
import type { Item } from './types';
import './styles.css';

export default function App() {
  const [open, setOpen] = useState(false);
  const { count } = useCounter();
  const items: Item[] = [];
  return (
    <main className="p-2" style={{ color: 'red', width: `${count}px` }}>
      <h1>Hello</h1>
      <input placeholder="Search" />
      <Card title={total(items)} />
    </main>
  );
}
"""
CARD = """import { cn } from '../lib/cn';

export const Card = ({ title }: { title: number }) => {
  return <p className={cn('p-2', title && 'm-2')} style={compute(1)}>{title}</p>;
};
const compute = (n: number) => ({ top: n });
export default Card;
"""
HOOK = """import { useState } from 'react';

export function useCounter() {
  const [count, setCount] = useState(0);
  const next = () => setCount(count + 1);
  return { count, next };
}
"""
FILES = {
    "src/frontend/package.json": '{\n  "name": "app",\n  "version": "1.0.0",\n  "scripts": {},\n'
    '  "dependencies": { "react": "^18.0.0", "react-dom": "^18.0.0" }\n}\n',
    "src/frontend/index.html": '<!doctype html>\n<html><body><div id="root"></div>\n'
    '<script type="module" src="/src/index.tsx"></script></body></html>\n',
    "src/frontend/vite.config.ts": "import react from '@vitejs/plugin-react';\nimport { defineConfig } from 'vite';\n\n"
    "export default defineConfig({ plugins: [react()], server: { port: 3000 }, define: { __V__: '1' } });\n",
    "src/frontend/tsconfig.json": '{ "compilerOptions": { "strict": true, "paths": { "#/*": ["./src/*"] } } }\n',
    "src/frontend/tailwind.config.js": "export default { content: ['./src/**/*.tsx'], theme: { extend: {} } };\n",
    "src/frontend/src/index.tsx": "import { createRoot } from 'react-dom/client';\nimport App from './App';\n\n"
    "createRoot(document.getElementById('root')!).render(<App />);\n",
    "src/frontend/src/App.tsx": APP,
    "src/frontend/src/components/Card.tsx": CARD,
    "src/frontend/src/hooks/useCounter.ts": HOOK,
    "src/frontend/src/lib/total.ts": "export const total = (items: unknown[]) => items.length;\n",
    "src/frontend/src/lib/cn.ts": "export const cn = (...names: unknown[]) => names.filter(Boolean).join(' ');\n",
    "src/frontend/src/types.ts": "export interface Item { id: string }\n",
    "src/frontend/src/styles.css": "@tailwind base;\n.a { color: red; }\n",
    "src/frontend/src/unused.css": ".b { color: red; }\n",
    "src/frontend/src/Unused.tsx": "export const Unused = () => <i />;\n",
    "src/backend/main.mo": "actor {};\n",
    "README.md": "# App\n",
}
TREE = FileTree(File(path, text.encode()) for path, text in FILES.items())
ROOT = "src/frontend/"
S = "src/frontend/src/"


def report(
    files: Mapping[str, str | None], tree: FileTree = TREE, installed: Mapping[str, str] = INSTALLED
) -> dict[str, Any]:
    """The analysis of a batch; None deletes."""
    batch = apply(tree, [Incoming(name, content) for name, content in files.items()])
    assert batch.rejected == []
    return analyse(batch.tree, batch.changes, installed)


def levels(files: Mapping[str, str | None], tree: FileTree = TREE) -> list[str]:
    """Of each file, in the order of the answer."""
    return [change["level"] for change in report(files, tree)["changes"]]


def replaced(path: str, old: str, new: str) -> dict[str, str | None]:
    """One edit of one file of the project."""
    assert old in FILES[path], old
    return {path: FILES[path].replace(old, new)}
