"""THE bench project: 25 React components in the layout that the caller sends ("icpstudio", about 40 files, 0.1 MB).

`files()` is the project at its first state. `Edits` makes the four kinds of update; every value it writes is new, so a
page that did not change can never look as if it had.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count

ROOT = "src/frontend"
TEXT = "component text"
RULE = "CSS rule"
UTILITY = "new Tailwind class"
MANY = "20 files"
KINDS = (TEXT, RULE, UTILITY, MANY)
PANELS = tuple(f"Panel{number:02d}" for number in range(20))
# Besides the panels: Header, Sidebar, Layout, Dashboard, Settings. 25 components in all.

_DEPENDENCIES = {
    "@dfinity/agent": "^2",
    "@dfinity/principal": "^2",
    "framer-motion": "*",
    "lucide-react": "*",
    "react": "^18.2.0",
    "react-dom": "^18.2.0",
    "react-router-dom": "^6",
    "recharts": "*",
    "zustand": "^4",
}

_INDEX = """\
import React from 'react';
import { createRoot } from 'react-dom/client';
import App from './App';
import './styles.css';

createRoot(document.getElementById('root')!).render(
  <React.StrictMode>
    <App />
  </React.StrictMode>,
);
"""

_APP = """\
import { BrowserRouter, Route, Routes } from 'react-router-dom';
import Layout from './components/Layout';
import Dashboard from './pages/Dashboard';
import Settings from './pages/Settings';

export default function App() {
  return (
    <BrowserRouter>
      <Routes>
        <Route element={<Layout />}>
          <Route path="/settings" element={<Settings />} />
          <Route path="*" element={<Dashboard />} />
        </Route>
      </Routes>
    </BrowserRouter>
  );
}
"""

_STYLES = """\
@tailwind base;
@tailwind components;
@tailwind utilities;

:root { --brand: #4f46e5; }
body { background: #f8fafc; color: #0f172a; }
.bench-rule { border-bottom: 1px solid var(--brand); padding-left: %dpx; }
@layer components {
  .card { @apply rounded-xl border border-slate-200 bg-white p-4 shadow-sm; }
}
"""

_HEADER = """\
import { Bell, Search } from 'lucide-react';
import { useStore } from '../store';

export default function Header() {
  const query = useStore((state) => state.query);
  const setQuery = useStore((state) => state.setQuery);
  return (
    <header className="flex items-center gap-3 bg-white p-4 shadow">
      <h1 data-bench="rule" className="bench-rule text-xl font-semibold text-slate-800">Operations</h1>
      <label className="ml-auto flex items-center gap-2 rounded-full bg-slate-100 px-3 py-1">
        <Search size={16} />
        <input value={query} onChange={(event) => setQuery(event.target.value)} placeholder="Search" />
      </label>
      <Bell size={18} className="text-slate-500" />
    </header>
  );
}
"""

_SIDEBAR = """\
import { Home, Settings as Cog } from 'lucide-react';
import { NavLink } from 'react-router-dom';

export default function Sidebar() {
  return (
    <nav className="flex w-48 flex-col gap-2 border-r border-slate-200 bg-slate-50 p-4">
      <NavLink to="/" className="flex items-center gap-2 hover:text-indigo-600"><Home size={16} /> Dashboard</NavLink>
      <NavLink to="/settings" className="flex items-center gap-2 hover:text-indigo-600"><Cog /> Settings</NavLink>
    </nav>
  );
}
"""

_LAYOUT = """\
import { Outlet } from 'react-router-dom';
import Header from './Header';
import Sidebar from './Sidebar';

export default function Layout() {
  return (
    <div className="min-h-screen">
      <Header />
      <div className="flex"><Sidebar /><main className="flex-1 p-6"><Outlet /></main></div>
    </div>
  );
}
"""

_SETTINGS = """\
import { canisterHost } from '../lib/agent';

export default function Settings() {
  return <section className="card">Connected to {canisterHost()}</section>;
}
"""

_STORE = """\
import { create } from 'zustand';

interface Store { query: string; setQuery: (query: string) => void }

export const useStore = create<Store>((set) => ({ query: '', setQuery: (query) => set({ query }) }));
"""

_AGENT = """\
import { HttpAgent } from '@dfinity/agent';
import { Principal } from '@dfinity/principal';

const agent = HttpAgent.createSync({ host: 'https://icp-api.io' });
export const canisterHost = () => `${agent.host.hostname} as ${Principal.anonymous().toText()}`;
"""

_PANEL_CHART = """\
import { Line, LineChart, XAxis, YAxis } from 'recharts';
import { series } from '../data/series';

export default function %(name)s() {
  return (
    <article className="card">
      <p data-bench="%(name)s" className="text-sm font-medium text-slate-600">%(text)s</p>
      <LineChart width={240} height={120} data={series.slice(%(number)d, %(number)d + 12)}>
        <XAxis dataKey="day" hide /><YAxis hide />
        <Line dataKey="value" stroke="#4f46e5" dot={false} isAnimationActive={false} />
      </LineChart>
    </article>
  );
}
"""

_PANEL_MOTION = """\
import { motion } from 'framer-motion';
import { useState } from 'react';
import { ChevronDown } from 'lucide-react';

export default function %(name)s() {
  const [open, setOpen] = useState(false);
  return (
    <motion.article className="card" initial={{ opacity: 0.8 }} animate={{ opacity: 1 }}>
      <p data-bench="%(name)s" className="text-sm font-medium text-emerald-700">%(text)s</p>
      <button className="mt-2 flex items-center gap-1 text-indigo-600" onClick={() => setOpen(!open)}>
        <ChevronDown size={14} /> {open ? 'Less' : 'More'}
      </button>
      {open && <ul className="list-disc pl-5">{[1, 2, 3].map((item) => <li key={item}>Step {item}</li>)}</ul>}
    </motion.article>
  );
}
"""

_PANEL_LIST = """\
import { useMemo } from 'react';
import { series } from '../data/series';
import { useStore } from '../store';

export default function %(name)s() {
  const query = useStore((state) => state.query);
  const rows = useMemo(() => series.filter((row) => row.label.includes(query)).slice(0, %(number)d + 3), [query]);
  return (
    <article className="card divide-y divide-slate-100">
      <p data-bench="%(name)s" className="text-sm font-medium text-rose-700">%(text)s</p>
      <p data-bench="%(name)s-box" className="%(utility)s">Box</p>
      {rows.map((row) => (
        <div key={row.day} className="flex justify-between py-1 text-xs">
          <span>{row.label}</span><span className="tabular-nums">{row.value}</span>
        </div>
      ))}
    </article>
  );
}
"""

_TEMPLATES = (_PANEL_LIST, _PANEL_CHART, _PANEL_MOTION)
_MAIN_MO = 'actor { public query func greet(name : Text) : async Text { "Hello, " # name } };\n'


def panel(name: str, text: str, utility: str = "p-2") -> str:
    """Source of one panel: `text` is that of `[data-bench=<name>]`, `utility` a class of `[data-bench=<name>-box]`."""
    number = PANELS.index(name)
    template = _TEMPLATES[number % len(_TEMPLATES)]
    return template % {"name": name, "number": number, "text": text, "utility": utility}


def _dashboard() -> str:
    imports = "\n".join(f"import {name} from '../components/{name}';" for name in PANELS)
    body = "".join(f"<{name} />" for name in PANELS)
    return (
        f"{imports}\n\nexport default function Dashboard() {{\n"
        f'  return <div className="grid grid-cols-2 gap-4 md:grid-cols-4">{body}</div>;\n}}\n'
    )


def _series() -> str:
    rows = [{"day": day, "label": f"Region {day % 17}, batch {day}", "value": day * 7919 % 1009} for day in range(900)]
    return f"export const series: {{ day: number; label: string; value: number }}[] = {json.dumps(rows, indent=1)};\n"


def package_json() -> dict[str, object]:
    """The project's manifest; versions are loose, the catalogue's pinned ones are installed."""
    return {
        "name": "bench",
        "private": True,
        "dependencies": _DEPENDENCIES,
        "devDependencies": {"autoprefixer": "^10", "postcss": "^8", "tailwindcss": "^3.4", "typescript": "^5"},
    }


def files() -> dict[str, str]:
    """The whole project at its first state: tree path -> text. There is no index.html, as from the caller."""
    frontend = {
        "package.json": json.dumps(package_json(), indent=2) + "\n",
        "postcss.config.js": "module.exports = { plugins: { tailwindcss: {}, autoprefixer: {} } };\n",
        "tailwind.config.js": (
            "module.exports = {\n  content: ['./index.html', './src/**/*.{js,jsx,ts,tsx}'],\n"
            "  theme: { extend: { colors: { brand: '#4f46e5' } } },\n  plugins: [],\n};\n"
        ),
        "src/index.tsx": _INDEX,
        "src/App.tsx": _APP,
        "src/styles.css": _STYLES % 1,
        "src/store.ts": _STORE,
        "src/lib/agent.ts": _AGENT,
        "src/data/series.ts": _series(),
        "src/components/Header.tsx": _HEADER,
        "src/components/Sidebar.tsx": _SIDEBAR,
        "src/components/Layout.tsx": _LAYOUT,
        "src/pages/Dashboard.tsx": _dashboard(),
        "src/pages/Settings.tsx": _SETTINGS,
        **{f"src/components/{name}.tsx": panel(name, f"{name} before") for name in PANELS},
    }
    return {
        **{f"{ROOT}/{path}": text for path, text in frontend.items()},
        "src/backend/src/main.mo": _MAIN_MO,
        "dfx.json": '{ "canisters": {} }\n',
        "README.md": "# Bench\n",
    }


@dataclass(frozen=True)
class Edit:
    """One update and how its arrival shows.

    `files`: tree path -> new text. The page shows it when for every selector of `selectors` the element's text
    (`style` is None) or its computed `style` equals `value`.
    """

    kind: str
    files: dict[str, str]
    selectors: tuple[str, ...]
    style: str | None
    value: str


class Edits:
    """Makes updates; a value is never used twice in the life of the object."""

    def __init__(self) -> None:
        # From 100 up: no value can equal one that the project starts with.
        self._numbers = count(100)

    def text(self) -> Edit:
        """The text of one component."""
        value = f"edited {next(self._numbers)}"
        path = f"{ROOT}/src/components/{PANELS[7]}.tsx"
        return Edit(TEXT, {path: panel(PANELS[7], value)}, (_marked(PANELS[7]),), None, value)

    def rule(self) -> Edit:
        """The value of one CSS rule."""
        number = next(self._numbers)
        path = f"{ROOT}/src/styles.css"
        return Edit(RULE, {path: _STYLES % number}, (_marked("rule"),), "paddingLeft", f"{number}px")

    def utility(self) -> Edit:
        """A Tailwind class that no file used before."""
        number = next(self._numbers)
        name = PANELS[3]
        path = f"{ROOT}/src/components/{name}.tsx"
        text = panel(name, f"{name} before", f"p-[{number}px]")
        return Edit(UTILITY, {path: text}, (_marked(f"{name}-box"),), "paddingTop", f"{number}px")

    def many(self) -> Edit:
        """The texts of 20 components in one update."""
        value = f"batch {next(self._numbers)}"
        changed = {f"{ROOT}/src/components/{name}.tsx": panel(name, value) for name in PANELS}
        return Edit(MANY, changed, tuple(_marked(name) for name in PANELS), None, value)

    def all(self) -> tuple[Edit, ...]:
        """One of each kind."""
        return (self.text(), self.rule(), self.utility(), self.many())


def _marked(name: str) -> str:
    return f'[data-bench="{name}"]'
