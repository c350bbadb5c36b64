"""The caller's own layout, as its model writes it: prefixes, Candid, a back end beside the front end."""

from __future__ import annotations

import unicodedata

from e2e.corpus.bundle import bundle
from e2e.corpus.checks import attribute, contains, count, css, gone, text
from e2e.corpus.project import Act, Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, Files, plain, studio

_NOTES = "My Notes App/"

_NOTES_TEXT = (
    r"""
-- tailwind.config.js --
/** @type {import('tailwindcss').Config} */
module.exports = {
  content: ['./index.html', './src/**/*.{js,ts,jsx,tsx}'],
  theme: {
    extend: {
      colors: { brand: { 500: '#7c3aed', 600: '#6d28d9' } },
      borderRadius: { card: '18px' },
    },
  },
  plugins: [],
};
-- tsconfig.json --
{ "compilerOptions": { "target": "ES2020", "jsx": "react-jsx", "module": "ESNext", "strict": true } }
-- src/types.ts --
export interface Note {
  id: string;
  title: string;
  body: string;
  pinned: boolean;
}
-- src/data/notes.ts --
import type { Note } from '../types';

export const initialNotes: Note[] = [
  { id: '1', title: 'Groceries', body: 'Milk, eggs, coffee', pinned: true },
  { id: '2', title: 'Ideas', body: 'Local-first canister sync', pinned: false },
  { id: '3', title: 'Reading', body: 'The Internet Computer overview', pinned: false },
];
-- src/context/NotesContext.tsx --
import React, { createContext, useContext, useMemo, useReducer } from 'react';
import { initialNotes } from '../data/notes';
import type { Note } from '../types';

type Action = { type: 'add'; title: string } | { type: 'pin'; id: string };

function reduce(notes: Note[], action: Action): Note[] {
  switch (action.type) {
    case 'add':
      return [...notes, { id: String(notes.length + 1), title: action.title, body: '', pinned: false }];
    case 'pin':
      return notes.map((note) => (note.id === action.id ? { ...note, pinned: !note.pinned } : note));
    default:
      return notes;
  }
}

const NotesContext = createContext<{ notes: Note[]; dispatch: React.Dispatch<Action> } | null>(null);

export const NotesProvider: React.FC<{ children: React.ReactNode }> = ({ children }) => {
  const [notes, dispatch] = useReducer(reduce, initialNotes);
  const value = useMemo(() => ({ notes, dispatch }), [notes]);
  return <NotesContext.Provider value={value}>{children}</NotesContext.Provider>;
};

export function useNotes() {
  const context = useContext(NotesContext);
  if (!context) throw new Error('useNotes must be used within NotesProvider');
  return context;
}
-- src/hooks/useFilteredNotes.ts --
import { useMemo } from 'react';
import { useNotes } from '../context/NotesContext';

export function useFilteredNotes(query: string) {
  const { notes } = useNotes();
  return useMemo(
    () => notes.filter((note) => note.title.toLowerCase().includes(query.toLowerCase())),
    [notes, query],
  );
}
-- src/components/Header.tsx --
export default function Header() {
  return (
    <header className="flex items-center justify-between bg-brand-500 p-4 text-white" id="header">
      <h1 id="title" className="text-2xl font-bold">My Notes</h1>
      <span className="text-sm opacity-75">on the Internet Computer</span>
    </header>
  );
}
-- src/components/NoteCard.tsx --
import type { Note } from '../types';

export default function NoteCard({ note, onPin }: { note: Note; onPin: () => void }) {
  return (
    <article className="note rounded-card border border-slate-200 bg-white p-4 shadow-sm">
      <h2 className="font-semibold">{note.title}</h2>
      <p className="text-slate-600">{note.body || 'Empty'}</p>
      <button className="pin text-brand-600" onClick={onPin}>{note.pinned ? 'Unpin' : 'Pin'}</button>
    </article>
  );
}
-- src/components/NoteList.tsx --
import { useState } from 'react';
import { useNotes } from '../context/NotesContext';
import { useFilteredNotes } from '../hooks/useFilteredNotes';
import NoteCard from './NoteCard';

export default function NoteList() {
  const [query, setQuery] = useState('');
  const { dispatch } = useNotes();
  const notes = useFilteredNotes(query);
  return (
    <section className="mx-auto max-w-3xl space-y-4 p-6">
      <input id="search" className="w-full rounded border p-2" placeholder="Search notes…" value={query}
        onChange={(event) => setQuery(event.target.value)} />
      <p id="total">{notes.length} notes</p>
      <div className="grid gap-4 md:grid-cols-2">
        {notes.map((note) => (
          <NoteCard key={note.id} note={note} onPin={() => dispatch({ type: 'pin', id: note.id })} />
        ))}
      </div>
      <button id="add" className="rounded bg-brand-500 px-4 py-2 text-white"
        onClick={() => dispatch({ type: 'add', title: 'Untitled' })}>Add note</button>
    </section>
  );
}
-- src/App.tsx --
import { NotesProvider } from './context/NotesContext';
import Counter from './components/Counter';
import Header from './components/Header';
import NoteList from './components/NoteList';

function App() {
  return (
    <NotesProvider>
      <div className="min-h-screen bg-slate-50">
        <Header />
        <NoteList />
        <Counter />
      </div>
    </NotesProvider>
  );
}

export default App;
-- src/components/Counter.tsx --
"""
    + COUNTER
)

_FOOTER = """\
export default function Footer() {
  return <footer id="footer" className="p-[11px] text-center">Made with care</footer>;
}
"""

_BACKEND = bundle(r"""
-- dfx.json --
{ "version": 1, "canisters": { "backend": { "main": "src/backend/src/main.mo", "type": "motoko" } } }
-- mops.toml --
[dependencies]
base = "0.11.1"
-- project-spec.json --
{ "name": "Notes", "features": ["notes"] }
-- README.md --
# Notes
-- src/backend/src/main.mo --
actor {
  stable var notes : [Text] = [];
  public query func list() : async [Text] { notes };
};
""")


def _at(name: str) -> str:
    return _NOTES + STUDIO + name


def _notes() -> Files:
    return (
        *studio(_NOTES_TEXT, "@dfinity/agent@^2", prefix=_NOTES),
        *((_NOTES + name, content) for name, content in _BACKEND.items()),
    )


NOTES = Project(
    "studio-notes",
    "prefix with spaces, own theme, context and reducer, hooks, a Motoko back end",
    _notes(),
    [
        text("#title", "My Notes"),
        css("#header", "background-color", "rgb(124, 58, 237)"),
        css(".note", "border-top-left-radius", "18px"),
        count(".note", 3),
        text(".pin", "Unpin"),
    ],
    [
        Act("a search", fill=("#search", "ide"), expect=[count(".note", 1), text("#total", "1 notes")]),
        Edit(
            "text and an arbitrary class",
            {_at("src/components/Header.tsx"): ('p-4 text-white" id="header"', 'p-[13px] text-white" id="header"')},
            expect=[css("#header", "padding-top", "13px"), count(".note", 1)],
        ),
        Edit(
            "the theme",
            {_at("tailwind.config.js"): ("#7c3aed", "#0f766e")},
            expect=[css("#header", "background-color", "rgb(15, 118, 110)")],
        ),
        Edit(
            "a component, its import and its place in one batch",
            {
                _at("src/App.tsx"): (
                    "<Counter />\n      </div>\n    </NotesProvider>\n  );\n}\n",
                    "<Counter />\n        <Footer />\n      </div>\n    </NotesProvider>\n  );\n}\n"
                    "import Footer from './components/Footer';\n",
                )
            },
            {_at("src/components/Footer.tsx"): _FOOTER},
            expect=[text("#footer", "Made with care"), css("#footer", "padding-top", "11px")],
        ),
        Edit(
            "the body of a hook",
            {_at("src/hooks/useFilteredNotes.ts"): ("note.title", "note.body")},
            expect=[count(".note", 0)],
        ),
        Edit(
            "the back end beside the stylesheet",
            {
                _NOTES + "src/backend/src/main.mo": ("stable var", "stable  var"),
                _at("src/styles.css"): ("@tailwind utilities;", "@tailwind utilities;\nh1 { letter-spacing: 3px; }"),
            },
            expect=[css("#title", "letter-spacing", "3px")],
        ),
    ],
    counter="#count",
    cluster=True,
)

# The same name in both of Unicode's spellings: callers compose in one call and decompose in the next.
_CITY = unicodedata.normalize("NFD", "Café Zürich 東京/")
_CITY_COMPOSED = unicodedata.normalize("NFC", _CITY)

CITY = Project(
    "studio-unicode-prefix",
    "prefix with accents and kanji, decomposed in the create, composed or absent in updates",
    studio(
        r"""
-- src/App.tsx --
import Counter from './Counter';
import Menu from './components/Menü';

export default function App() {
  return <main className="p-4"><h1 id="title">Café</h1><Menu /><Counter /></main>;
}
-- src/components/Menü.tsx --
export default function Menu() {
  return <ul id="menu"><li>Espresso</li><li>抹茶ラテ</li></ul>;
}
-- src/Counter.tsx --
"""
        + COUNTER,
        prefix=_CITY,
    ),
    [text("#title", "Café"), count("#menu li", 2)],
    [
        Edit(
            "composed",
            files={
                _CITY_COMPOSED + STUDIO + "src/components/Menü.tsx": "export default function Menu() {\n"
                '  return <ul id="menu"><li>Espresso</li><li>抹茶ラテ</li><li>Möhrenkuchen</li></ul>;\n}\n'
            },
            expect=[count("#menu li", 3)],
        ),
        Edit(
            "without the prefix",
            files={
                STUDIO + "src/components/Menü.tsx": "export default function Menu() {\n"
                '  return <ul id="menu"><li>Nur Wasser 💧</li></ul>;\n}\n'
            },
            expect=[text("#menu", "Nur Wasser 💧")],
        ),
    ],
    counter="#count",
)

_AGENT = "code/task_board/"

AGENT = Project(
    "studio-agent-layout",
    "`code/<name>/src/frontend`, lower case, index.html of its own, a constants module, `cn`",
    studio(
        r"""
-- index.html --
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <title>Task Board</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="/src/index.tsx"></script>
  </body>
</html>
-- src/lib/utils.ts --
import { clsx, type ClassValue } from 'clsx';
import { twMerge } from 'tailwind-merge';

export function cn(...inputs: ClassValue[]) {
  return twMerge(clsx(inputs));
}
-- src/constants.ts --
export const COLUMNS = ['To do', 'Doing', 'Done'] as const;
export const ACCENT = 'bg-amber-500';
-- src/components/Column.tsx --
import { ACCENT } from '../constants';
import { cn } from '../lib/utils';

export const Column = ({ name, active }: { name: string; active?: boolean }) => (
  <div className={cn('column rounded p-2', active && ACCENT, active && 'p-4')}>{name}</div>
);
-- src/App.tsx --
import { Column } from './components/Column';
import { COLUMNS } from './constants';
import Counter from './Counter';

export default function App() {
  return (
    <div className="flex gap-2">
      {COLUMNS.map((name, index) => <Column key={name} name={name} active={index === 0} />)}
      <Counter />
    </div>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER,
        "clsx",
        "tailwind-merge",
        prefix=_AGENT,
    ),
    [
        count(".column", 3),
        css(".column", "background-color", "rgb(245, 158, 11)"),
        css(".column", "padding-top", "16px"),
    ],
    [
        Edit(
            "constants",
            {_AGENT + STUDIO + "src/constants.ts": ("'Done'", "'Done', 'Archived'")},
            expect=[count(".column", 4)],
        ),
        Edit(
            "a class inside cn()",
            {_AGENT + STUDIO + "src/components/Column.tsx": ("active && 'p-4'", "active && 'p-[21px]'")},
            expect=[css(".column", "padding-top", "21px")],
        ),
        Edit(
            "the page",
            {_AGENT + STUDIO + "index.html": ("<title>Task Board</title>", "<title>Board</title>")},
            expect=[text("title", "Board"), count(".column", 4)],
            keeps=Keeps.NOTHING,
        ),
    ],
    counter="#count",
)

_DID = """\
export const idlFactory = ({ IDL }) => {
  const Task = IDL.Record({ id: IDL.Nat, title: IDL.Text });
  return IDL.Service({
    list: IDL.Func([], [IDL.Vec(Task)], ['query']),
    add: IDL.Func([IDL.Text], [IDL.Nat], []),
  });
};
export const init = ({ IDL }) => [];
"""

CANDID = Project(
    "studio-candid",
    "`.did.js` beside `.did`, an actor of @dfinity/agent, Principal, Buffer and global",
    (
        *studio(
            r"""
-- candid/backend.did --
service : { list : () -> (vec record { id : nat; title : text }) query; add : (text) -> (nat) }
-- candid/backend.did.d.ts --
import type { ActorMethod } from '@dfinity/agent';
export interface _SERVICE { list: ActorMethod<[], Array<{ id: bigint; title: string }>>; add: ActorMethod<[string], bigint> }
-- candid/backend.did.js --
"""
            + _DID
            + r"""
-- src/actor.ts --
import { Actor, HttpAgent } from '@dfinity/agent';
import { idlFactory } from '../candid/backend.did.js';
import type { _SERVICE } from '../candid/backend.did';

const agent = HttpAgent.createSync({ host: 'http://127.0.0.1:4943' });
export const backend = Actor.createActor<_SERVICE>(idlFactory, { agent, canisterId: 'rrkah-fqaaa-aaaaa-aaaaq-cai' });
export const methods = Object.keys(backend).sort();
-- src/hooks/useIdentity.ts --
import { useMemo } from 'react';
import { Ed25519KeyIdentity } from '@dfinity/identity';
import { Principal } from '@dfinity/principal';

export function useIdentity() {
  return useMemo(() => {
    const identity = Ed25519KeyIdentity.generate(new Uint8Array(32));
    return { mine: identity.getPrincipal().toText(), anonymous: Principal.anonymous().toText() };
  }, []);
}
-- src/App.tsx --
import { AuthClient } from '@dfinity/auth-client';
import { methods } from './actor';
import { useIdentity } from './hooks/useIdentity';
import Counter from './Counter';

export default function App() {
  const { mine, anonymous } = useIdentity();
  return (
    <main className="p-4">
      <h1 id="title">Tasks on chain</h1>
      <p id="methods">{methods.join(', ')}</p>
      <p id="anonymous">{anonymous}</p>
      <p id="mine">{mine.split('-').length} groups</p>
      <p id="auth">{typeof AuthClient.create}</p>
      <p id="global">{typeof (global as unknown as { setTimeout: unknown }).setTimeout}</p>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
            + COUNTER,
            "@dfinity/agent@^2",
            "@dfinity/auth-client@^2",
            "@dfinity/identity@^2",
            "@dfinity/principal@^2",
        ),
        *_BACKEND.items(),
    ),
    [
        text("#methods", "add, list"),
        text("#anonymous", "2vxsx-fae"),
        contains("#mine", "groups"),
        text("#auth", "function"),
        text("#global", "function"),
    ],
    [
        Edit(
            "only the back end",
            {"src/backend/src/main.mo": ("{ notes }", "{ notes; }")},
            expect=[text("#methods", "add, list")],
        ),
        Edit(
            "a new method in the interface",
            files={
                STUDIO + "candid/backend.did.js": _DID.replace(
                    "    add:", "    remove: IDL.Func([IDL.Nat], [], []),\n    add:"
                )
            },
            expect=[text("#methods", "add, list, remove")],
        ),
    ],
    counter="#count",
    cluster=True,
)

_BARE_APP = r"""
import Greeting from './components/Greeting';
import Counter from './Counter';
import './App.css';

export default function App() {
  return <div className="app"><Greeting name="World" /><Counter /></div>;
}
"""

BARE = Project(
    "names-bare",
    "names without folders, `Complete file:` in front of one, no index.html, no configuration",
    plain(
        r"""
-- Complete file: App.tsx --
"""
        + _BARE_APP
        + r"""
-- App.css --
.app { padding: 24px; color: rgb(51, 65, 85); }
-- components/Greeting.tsx --
export default function Greeting({ name }: { name: string }) {
  return <h1 id="title">Hello, {name}!</h1>;
}
-- index.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';

createRoot(document.getElementById('root')!).render(<App />);
-- package.json --
{ "dependencies": { "react": "^18", "react-dom": "^18" } }
-- Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "Hello, World!"), css(".app", "padding-top", "24px")],
    [
        Edit(
            "by the whole path",
            files={STUDIO + "src/App.css": ".app { padding: 31px; }\n"},
            expect=[css(".app", "padding-top", "31px")],
        ),
        Edit(
            "by the bare name of a file in a folder",
            files={
                "Greeting.tsx": "export default function Greeting({ name }: { name: string }) {\n"
                '  return <h1 id="title">Welcome, {name}!</h1>;\n}\n'
            },
            expect=[text("#title", "Welcome, World!")],
        ),
    ],
    counter="#count",
)

_TWICE = "export default function Title() {\n  return <h1 id='title'>%s</h1>;\n}\n"


def _windows() -> Files:
    files = studio(
        r"""
-- src/App.tsx --
import Title from './components/Title';
import Counter from './components/Counter';

export default function App() {
  return <div><Title /><Counter /></div>;
}
-- src/components/Counter.tsx --
"""
        + COUNTER,
        prefix="Projects/",
    )
    twice = ((f"Projects/{STUDIO}src/components/Title.tsx", _TWICE % word) for word in ("an earlier try", "the last"))
    return tuple((name.replace("/", "\\"), content) for name, content in (*files, *twice))


WINDOWS = Project(
    "names-windows-and-twice",
    "backslashes in all names, one name twice: the last one counts",
    _windows(),
    [text("#title", "the last")],
    [
        Edit(
            "with slashes",
            files={STUDIO + "src/components/Title.tsx": _TWICE % "with slashes"},
            expect=[text("#title", "with slashes")],
        ),
        Edit(
            "with backslashes again",
            files={"src\\frontend\\src\\components\\Title.tsx": _TWICE % "with backslashes"},
            expect=[text("#title", "with backslashes")],
        ),
    ],
    counter="#count",
)

INLINE_SCRIPTS = Project(
    "own-page-with-scripts",
    "index.html of its own with inline scripts, a style, meta tags and a noscript",
    studio(
        r"""
-- index.html --
<!doctype html>
<html lang="en" class="dark">
  <head>
    <meta charset="utf-8" />
    <meta name="theme-color" content="#0ea5e9" />
    <title>Inline</title>
    <style>#splash { padding: 5px; }</style>
    <script>
      window.APP_CONFIG = { network: 'local', since: 2024 };
      document.documentElement.dataset.theme = 'night';
    </script>
  </head>
  <body>
    <noscript>You need to enable JavaScript.</noscript>
    <div id="splash">before the app</div>
    <div id="root"></div>
    <script type="module" src="/src/index.tsx"></script>
    <script>document.getElementById('splash').textContent = 'after the app';</script>
  </body>
</html>
-- src/App.tsx --
import Counter from './Counter';

declare global { interface Window { APP_CONFIG: { network: string; since: number } } }

export default function App() {
  return <p id="network">{window.APP_CONFIG.network} since {window.APP_CONFIG.since} <Counter /></p>;
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [
        contains("#network", "local since 2024"),
        text("#splash", "after the app"),
        css("#splash", "padding-top", "5px"),
        attribute("html", "data-theme", "night"),
    ],
    [
        Edit(
            "the app",
            {STUDIO + "src/App.tsx": ("since {", "from {")},
            expect=[contains("#network", "local from 2024")],
        ),
        Edit(
            "an inline script",
            {STUDIO + "index.html": ("network: 'local'", "network: 'ic'")},
            expect=[contains("#network", "ic from 2024")],
            keeps=Keeps.NOTHING,
        ),
        Edit(
            "the splash taken away",
            {
                STUDIO + "index.html": (
                    '<div id="splash">before the app</div>\n    <div id="root"></div>\n'
                    '    <script type="module" src="/src/index.tsx"></script>\n'
                    "    <script>document.getElementById('splash').textContent = 'after the app';</script>",
                    '<div id="root"></div>\n    <script type="module" src="/src/index.tsx"></script>',
                )
            },
            expect=[gone("#splash"), contains("#network", "ic from 2024")],
            keeps=Keeps.NOTHING,
        ),
    ],
    counter="#count",
    cluster=True,
)

PROJECTS = (NOTES, CITY, AGENT, CANDID, BARE, WINDOWS, INLINE_SCRIPTS)
