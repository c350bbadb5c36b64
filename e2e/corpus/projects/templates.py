"""What other generators make: Vite's own templates, Create React App, JavaScript without types."""

from __future__ import annotations

from e2e.corpus.checks import attribute, contains, count, css, text, true
from e2e.corpus.project import Edit, Project
from e2e.corpus.scaffold import COUNTER, plain

_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 32 32">'
    '<circle cx="16" cy="16" r="14" fill="#61dafb"/></svg>\n'
)

_VITE_CSS = r"""
-- src/index.css --
:root {
  font-family: system-ui, Avenir, Helvetica, Arial, sans-serif;
  line-height: 1.5;
  color-scheme: light dark;
  color: rgba(255, 255, 255, 0.87);
  background-color: #242424;
}
body {
  margin: 0;
  display: flex;
  place-items: center;
  min-width: 320px;
  min-height: 100vh;
}
button {
  border-radius: 8px;
  border: 1px solid transparent;
  padding: 0.6em 1.2em;
}
-- src/App.css --
#root {
  max-width: 1280px;
  margin: 0 auto;
  padding: 2rem;
  text-align: center;
}
.logo {
  height: 6em;
  padding: 1.5em;
  will-change: filter;
}
.card {
  padding: 2em;
}
.read-the-docs {
  color: #888;
}
"""

_VITE_APP = r"""
import { useState } from 'react'
import reactLogo from './assets/react.svg'
import viteLogo from '/vite.svg'
import './App.css'

function App() {
  const [count, setCount] = useState(0)

  return (
    <>
      <div>
        <a href="https://vite.dev" target="_blank">
          <img src={viteLogo} className="logo" alt="Vite logo" />
        </a>
        <a href="https://react.dev" target="_blank">
          <img src={reactLogo} className="logo react" alt="React logo" />
        </a>
      </div>
      <h1>Vite + React</h1>
      <div className="card">
        <button id="count" onClick={() => setCount((count) => count + 1)}>
          {count}
        </button>
        <p>
          Edit <code>src/App</code> and save to test HMR
        </p>
      </div>
      <p className="read-the-docs">
        Click on the Vite and React logos to learn more
      </p>
    </>
  )
}

export default App
"""

_LOADED = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"


def _vite_page(entry: str) -> str:
    return f"""
-- index.html --
<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <link rel="icon" type="image/svg+xml" href="/vite.svg" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>Vite + React</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="/src/{entry}"></script>
  </body>
</html>
"""


VITE_JS = Project(
    "vite-template-react",
    "`create-vite`'s JavaScript template: no src/frontend, public/vite.svg, `type: module`",
    plain(
        _vite_page("main.jsx")
        + r"""
-- package.json --
{
  "name": "my-app", "private": true, "version": "0.0.0", "type": "module",
  "scripts": { "dev": "vite", "build": "vite build", "lint": "eslint .", "preview": "vite preview" },
  "dependencies": { "react": "^18.3.1", "react-dom": "^18.3.1" },
  "devDependencies": { "@vitejs/plugin-react": "^4.3.4", "eslint": "^9.17.0", "vite": "^6.0.5" }
}
-- vite.config.js --
import { defineConfig } from 'vite'
import react from '@vitejs/plugin-react'

// https://vite.dev/config/
export default defineConfig({
  plugins: [react()],
})
-- eslint.config.js --
export default [{ ignores: ['dist'] }]
-- .gitignore --
node_modules
dist
-- src/main.jsx --
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './index.css'
import App from './App.jsx'

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
-- src/App.jsx --"""
        + _VITE_APP
        + "-- public/vite.svg --\n"
        + _LOGO
        + "-- src/assets/react.svg --\n"
        + _LOGO
        + _VITE_CSS
    ),
    [
        text("h1", "Vite + React"),
        css(".logo", "will-change", "filter"),
        count("img", 2),
        true(_LOADED),
        attribute("link[rel=icon]", "href", "/vite.svg"),
    ],
    [
        Edit("the component", {"src/App.jsx": (">Vite + React<", ">Hello<")}, expect=[text("h1", "Hello")]),
        Edit(
            "its stylesheet",
            {"src/App.css": ("padding: 2em", "padding: 7px")},
            expect=[css(".card", "padding-top", "7px")],
        ),
        Edit(
            "the global stylesheet",
            {"src/index.css": ("border-radius: 8px", "border-radius: 3px")},
            expect=[css("#count", "border-top-left-radius", "3px")],
        ),
    ],
    counter="#count",
    cluster=True,
)

VITE_TS = Project(
    "vite-template-react-ts",
    "`create-vite`'s TypeScript template, in a folder of its own, three tsconfig files",
    tuple(
        ("my-vite-app/" + name, content)
        for name, content in plain(
            _vite_page("main.tsx")
            + r"""
-- package.json --
{
  "name": "my-vite-app", "private": true, "version": "0.0.0", "type": "module",
  "scripts": { "dev": "vite", "build": "tsc -b && vite build" },
  "dependencies": { "react": "^18.3.1", "react-dom": "^18.3.1" },
  "devDependencies": { "@types/react": "^18.3.18", "@vitejs/plugin-react": "^4.3.4", "typescript": "~5.6.2", "vite": "^6.0.5" }
}
-- vite.config.ts --
import { defineConfig } from 'vite'
import react from '@vitejs/plugin-react'

// https://vite.dev/config/
export default defineConfig({
  plugins: [react()],
})
-- tsconfig.json --
{
  "files": [],
  "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }]
}
-- tsconfig.app.json --
{
  "compilerOptions": {
    "target": "ES2020", "useDefineForClassFields": true, "lib": ["ES2020", "DOM", "DOM.Iterable"], "module": "ESNext",
    /* Bundler mode */
    "moduleResolution": "bundler", "noEmit": true, "jsx": "react-jsx",
    "strict": true,
  },
  "include": ["src"]
}
-- tsconfig.node.json --
{ "compilerOptions": { "target": "ES2022", "module": "ESNext", "moduleResolution": "bundler" }, "include": ["vite.config.ts"] }
-- src/vite-env.d.ts --
/// <reference types="vite/client" />
-- src/main.tsx --
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './index.css'
import App from './App.tsx'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
-- src/App.tsx --"""
            + _VITE_APP
            + "-- public/vite.svg --\n"
            + _LOGO
            + "-- src/assets/react.svg --\n"
            + _LOGO
            + _VITE_CSS
        )
    ),
    [text("h1", "Vite + React"), count("img", 2), true(_LOADED)],
    [
        Edit(
            "by the short path",
            files={"src/App.tsx": _VITE_APP.replace(">Vite + React<", ">Hello TS<")},
            expect=[text("h1", "Hello TS")],
        ),
        Edit(
            "with the project's folder",
            files={"my-vite-app/src/App.tsx": _VITE_APP.replace(">Vite + React<", ">Hello again<")},
            expect=[text("h1", "Hello again")],
        ),
    ],
    counter="#count",
)

CRA = Project(
    "create-react-app",
    "src/index.js with JSX in .js files, public/index.html with %PUBLIC_URL%, CSS beside each component",
    plain(
        r"""
-- package.json --
{
  "name": "cra", "version": "0.1.0", "private": true,
  "dependencies": { "react": "^18.2.0", "react-dom": "^18.2.0", "react-scripts": "5.0.1" },
  "scripts": { "start": "react-scripts start", "build": "react-scripts build" },
  "eslintConfig": { "extends": ["react-app", "react-app/jest"] },
  "browserslist": { "production": [">0.2%"], "development": ["last 1 chrome version"] }
}
-- public/index.html --
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <link rel="icon" href="%PUBLIC_URL%/favicon.svg" />
    <link rel="manifest" href="%PUBLIC_URL%/manifest.json" />
    <title>React App</title>
  </head>
  <body>
    <noscript>You need to enable JavaScript to run this app.</noscript>
    <div id="root"></div>
  </body>
</html>
-- public/manifest.json --
{ "short_name": "React App", "start_url": "." }
-- public/favicon.svg --
"""
        + _LOGO
        + r"""
-- src/logo.svg --
"""
        + _LOGO
        + r"""
-- src/index.css --
body { margin: 0; font-family: -apple-system, 'Segoe UI', sans-serif; }
-- src/index.js --
import React from 'react';
import ReactDOM from 'react-dom/client';
import './index.css';
import App from './App';
import reportWebVitals from './reportWebVitals';

const root = ReactDOM.createRoot(document.getElementById('root'));
root.render(
  <React.StrictMode>
    <App />
  </React.StrictMode>
);

reportWebVitals();
-- src/reportWebVitals.js --
const reportWebVitals = (onPerfEntry) => {
  if (onPerfEntry && onPerfEntry instanceof Function) {
    onPerfEntry(performance.now());
  }
};

export default reportWebVitals;
-- src/App.css --
.App { text-align: center; }
.App-header { background-color: #282c34; color: white; padding: 10px; }
-- src/components/Counter.js --
import { useState } from 'react';

export default function Counter() {
  const [count, setCount] = useState(0);
  return <button id="count" onClick={() => setCount(count + 1)}>{count}</button>;
}
-- src/App.js --
import logo from './logo.svg';
import './App.css';
import Counter from './components/Counter';

function App() {
  return (
    <div className="App">
      <header className="App-header">
        <img src={logo} className="App-logo" alt="logo" />
        <p id="text">Edit <code>src/App.js</code> and save to reload.</p>
        <p id="mode">{process.env.NODE_ENV}{process.env.REACT_APP_TITLE ?? ', untitled'}</p>
        <Counter />
      </header>
    </div>
  );
}

export default App;
"""
    ),
    [
        contains("#text", "Edit src/App.js"),
        css(".App-header", "background-color", "rgb(40, 44, 52)"),
        text("#mode", "development, untitled"),
        true(_LOADED),
    ],
    [
        Edit(
            "a component in a .js file",
            {"src/App.js": ("save to reload", "see it")},
            expect=[contains("#text", "see it")],
        ),
        Edit(
            "its stylesheet",
            {"src/App.css": ("padding: 10px", "padding: 23px")},
            expect=[css(".App-header", "padding-top", "23px")],
        ),
    ],
    counter="#count",
)

JAVASCRIPT = Project(
    "javascript-only",
    ".jsx and .js, PropTypes-like defaults, CommonJS habits left out, Tailwind",
    plain(
        r"""
-- src/frontend/package.json --
{ "name": "js", "dependencies": { "react": "18", "react-dom": "18" } }
-- src/frontend/tailwind.config.js --
export default { content: ['./src/**/*.{js,jsx}'], theme: { extend: { spacing: { huge: '77px' } } } };
-- src/frontend/src/index.jsx --
import React from 'react';
import { createRoot } from 'react-dom/client';
import App from './App.jsx';
import './index.css';

createRoot(document.getElementById('root')).render(<App />);
-- src/frontend/src/index.css --
@tailwind base;
@tailwind components;
@tailwind utilities;
-- src/frontend/src/lib/math.js --
export const double = (n) => n * 2;
export default { double };
-- src/frontend/src/App.jsx --
import React from 'react';
import math, { double } from './lib/math.js';

export default function App({ title = 'Untitled' }) {
  const [count, setCount] = React.useState(0);
  return (
    <div className="p-huge">
      <h1 id="title">{title} {double(2)} {math.double(3)}</h1>
      <button id="count" onClick={() => setCount(count + 1)}>{count}</button>
    </div>
  );
}
"""
    ),
    [text("#title", "Untitled 4 6"), css("#root > div", "padding-top", "77px")],
    [
        Edit(
            "a helper",
            {"src/frontend/src/lib/math.js": ("n * 2", "n * 20")},
            expect=[text("#title", "Untitled 40 60")],
        ),
        Edit(
            "a default property",
            {"src/frontend/src/App.jsx": ("'Untitled'", "'Titled'")},
            expect=[text("#title", "Titled 40 60")],
        ),
        Edit(
            "a file of types arrives: TypeScript beside JavaScript",
            {
                "src/frontend/src/App.jsx": (
                    "import React from 'react';",
                    "import React from 'react';\nimport { half } from './lib/half';",
                )
            },
            {"src/frontend/src/lib/half.ts": "export const half = (n: number): number => n / 2;\n"},
            expect=[text("#title", "Titled 40 60")],
        ),
    ],
    counter="#count",
)

CSS_MODULES = Project(
    "css-modules",
    "*.module.css with composes, plain CSS with @import, custom properties, nesting, no Tailwind",
    plain(
        r"""
-- package.json --
{ "dependencies": { "react": "^18", "react-dom": "^18" } }
-- src/main.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';
import './styles/index.css';

createRoot(document.getElementById('root')!).render(<App />);
-- src/styles/index.css --
@import './tokens.css';
@import url('./layout.css');
body { margin: 0; }
-- src/styles/tokens.css --
:root { --gap: 14px; --ink: rgb(30, 41, 59); }
-- src/styles/layout.css --
.layout {
  padding: var(--gap);
  color: var(--ink);
  & h1 { text-transform: uppercase; }
  @media (min-width: 1px) { display: grid; }
}
-- src/components/Card.module.css --
.base { border-style: solid; }
.card { composes: base; border-width: 4px; }
.title-row { font-weight: 700; }
-- src/components/Card.tsx --
import styles from './Card.module.css';

export default function Card({ title }: { title: string }) {
  return (
    <article id="card" className={styles.card}>
      <h1 id="title" className={styles['title-row']}>{title}</h1>
    </article>
  );
}
-- src/App.tsx --
import Card from './components/Card';
import Counter from './Counter';

export default function App() {
  return <div className="layout"><Card title="Modules" /><Counter /></div>;
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [
        css("#card", "border-top-width", "4px"),
        css("#card", "border-top-style", "solid"),
        css("#title", "text-transform", "uppercase"),
        css(".layout", "padding-top", "14px"),
    ],
    [
        Edit(
            "a module's rule",
            {"src/components/Card.module.css": ("4px", "9px")},
            expect=[css("#card", "border-top-width", "9px")],
        ),
        Edit(
            "an imported stylesheet",
            {"src/styles/tokens.css": ("14px", "27px")},
            expect=[css(".layout", "padding-top", "27px")],
        ),
        Edit(
            "a class renamed in both",
            {
                "src/components/Card.tsx": ("styles['title-row']", "styles.heading"),
                "src/components/Card.module.css": (
                    ".title-row { font-weight: 700; }",
                    ".heading { font-weight: 300; }",
                ),
            },
            expect=[css("#title", "font-weight", "300")],
        ),
    ],
    counter="#count",
)

SCSS = Project(
    "scss",
    "SCSS with variables, nesting, a partial, and a module",
    plain(
        r"""
-- package.json --
{ "dependencies": { "react": "^18", "react-dom": "^18" }, "devDependencies": { "sass": "^1.80.0" } }
-- src/main.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';
import './styles/main.scss';

createRoot(document.getElementById('root')!).render(<App />);
-- src/styles/_variables.scss --
$space: 6px;
$ink: #be123c;
-- src/styles/main.scss --
@use 'variables' as *;

.page {
  padding: $space * 2;
  .title { color: $ink; &:hover { color: black; } }
}
-- src/App.module.scss --
@mixin framed($width) { border: $width solid; }
.framed { @include framed(3px); }
-- src/App.tsx --
import styles from './App.module.scss';
import Counter from './Counter';

export default function App() {
  return <div className="page"><h1 id="title" className="title">SCSS</h1><p id="framed" className={styles.framed}><Counter /></p></div>;
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [
        css(".page", "padding-top", "12px"),
        css("#title", "color", "rgb(190, 18, 60)"),
        css("#framed", "border-top-width", "3px"),
    ],
    [
        Edit(
            "a variable", {"src/styles/_variables.scss": ("6px", "8px")}, expect=[css(".page", "padding-top", "16px")]
        ),
        Edit(
            "a mixin",
            {"src/App.module.scss": ("framed(3px)", "framed(5px)")},
            expect=[css("#framed", "border-top-width", "5px")],
        ),
    ],
    counter="#count",
)

_TAILWIND4_APP = (
    r"""
-- src/App.tsx --
import Counter from './Counter';

export default function App() {
  return (
    <main className="p-4">
      <h1 id="title" className="text-brand size-40 bg-linear-to-r">Tailwind 4</h1>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
    + COUNTER
)

_TAILWIND4_EDITS = (
    Edit(
        "a class that was never used",
        {"src/App.tsx": ("p-4", "p-[13px]")},
        expect=[css("main", "padding-top", "13px")],
    ),
    Edit("the theme", {"src/index.css": ("#b45309", "#15803d")}, expect=[css("#title", "color", "rgb(21, 128, 61)")]),
)

_TAILWIND4_SEEN = (
    css("main", "padding-top", "16px"),
    css("#title", "color", "rgb(180, 83, 9)"),
    css("#title", "width", "160px"),
)

TAILWIND4 = Project(
    "tailwind4-vite",
    'Tailwind 4: `@import "tailwindcss"`, `@theme`, the plugin named in vite.config',
    plain(
        _vite_page("main.tsx")
        + r"""
-- package.json --
{
  "type": "module",
  "dependencies": { "react": "^18", "react-dom": "^18", "tailwindcss": "^4.1.0", "@tailwindcss/vite": "^4.1.0" },
  "devDependencies": { "vite": "^7.0.0", "@vitejs/plugin-react": "^5.0.0" }
}
-- vite.config.ts --
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [react(), tailwindcss()] });
-- public/vite.svg --
"""
        + _LOGO
        + r"""
-- src/main.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';
import './index.css';

createRoot(document.getElementById('root')!).render(<App />);
-- src/index.css --
@import "tailwindcss";

@theme { --color-brand: #b45309; }
"""
        + _TAILWIND4_APP
    ),
    _TAILWIND4_SEEN,
    _TAILWIND4_EDITS,
    counter="#count",
)

TAILWIND4_POSTCSS = Project(
    "tailwind4-postcss",
    "Tailwind 4 through `@tailwindcss/postcss`, `@utility`, `@custom-variant`, no page",
    plain(
        r"""
-- package.json --
{ "dependencies": { "react": "^18", "react-dom": "^18", "tailwindcss": "^4.1.0", "@tailwindcss/postcss": "^4.1.0" } }
-- postcss.config.mjs --
export default { plugins: { '@tailwindcss/postcss': {} } };
-- src/main.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';
import './index.css';

createRoot(document.getElementById('root')!).render(<App />);
-- src/index.css --
@import 'tailwindcss';
@custom-variant dark (&:where(.dark, .dark *));
@theme { --color-brand: #b45309; }
@utility tall { line-height: 99px; }
"""
        + _TAILWIND4_APP
    ),
    _TAILWIND4_SEEN,
    [
        *_TAILWIND4_EDITS,
        Edit(
            "a utility of its own",
            {"src/App.tsx": ("text-brand", "text-brand tall")},
            expect=[css("#title", "line-height", "99px")],
        ),
    ],
    counter="#count",
)

PROJECTS = (VITE_JS, VITE_TS, CRA, JAVASCRIPT, CSS_MODULES, SCSS, TAILWIND4, TAILWIND4_POSTCSS)
