"""What is no component: images, data, workers, fonts, and what a browser keeps."""

from __future__ import annotations

import base64
import json
import struct
import zlib

from e2e.corpus.checks import attribute, contains, count, css, text, true
from e2e.corpus.project import Act, Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, Files, manifest, studio

_SRC = STUDIO + "src/"

_LOADED = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, colour: bytes) -> bytes:
    """A picture of one colour (three bytes), as high as it is wide."""
    head = struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * width
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


ASSETS = Project(
    "assets",
    "SVG, PNG as base64, as a data URL and as numbers, ?raw, ?url, JSON, url() in CSS, public/",
    (
        *studio(
            r"""
-- public/robots.txt --
User-agent: *
-- src/assets/logo.svg --
<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><rect width="24" height="24" fill="teal"/></svg>
-- src/assets/terms.md --
# Terms
Be kind.
-- src/data/countries.json --
{ "countries": [{ "code": "CH", "name": "Switzerland" }, { "code": "JP", "name": "Japan" }] }
-- src/styles.css --
@tailwind base;
@tailwind components;
@tailwind utilities;
.backdrop { background-image: url('./assets/dot.png'); width: 30px; height: 30px; }
-- src/App.tsx --
import Counter from './Counter';
import dot from './assets/dot.png';
import logo from './assets/logo.svg';
import logoUrl from './assets/logo.svg?url';
import photo from './assets/photo.png';
import terms from './assets/terms.md?raw';
import { countries } from './data/countries.json';

const numbers = new URL('./assets/numbers.png', import.meta.url).href;

export default function App() {
  return (
    <main>
      <img id="logo" src={logo} alt="" /><img src={logoUrl} alt="" />
      <img id="dot" src={dot} alt="" /><img id="photo" src={photo} alt="" /><img id="numbers" src={numbers} alt="" />
      <div className="backdrop" />
      <pre id="terms">{terms}</pre>
      <ul>{countries.map(({ code, name }) => <li key={code} className="country">{name}</li>)}</ul>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
            + COUNTER
        ),
        (_SRC + "assets/dot.png", _base64(_png(3, b"\xff\0\0"))),
        (_SRC + "assets/photo.png", "data:image/png;base64," + _base64(_png(40, b"\0\x80\xff"))),
        (_SRC + "assets/numbers.png", ",".join(str(byte) for byte in _png(5, b"\0\xff\0"))),
    ),
    [
        count("img", 5),
        true(_LOADED),
        true("photo.naturalWidth === 40 && dot.naturalWidth === 3 && numbers.naturalWidth === 5"),
        text("#terms", "# Terms Be kind."),
        count(".country", 2),
        contains("main", "Japan"),
    ],
    [
        Edit(
            "data",
            {
                _SRC + "data/countries.json": (
                    '"name": "Japan" }',
                    '"name": "Japan" }, { "code": "IS", "name": "Iceland" }',
                )
            },
            expect=[count(".country", 3)],
        ),
        Edit(
            "a raw text",
            {_SRC + "assets/terms.md": ("kind", "very kind")},
            expect=[contains("#terms", "Be very kind.")],
        ),
        Edit(
            "another picture under the same name",
            files={_SRC + "assets/photo.png": _base64(_png(64, b"\xff\xff\0"))},
            expect=[true("photo.complete && photo.naturalWidth === 64")],
            keeps=Keeps.NOTHING,
        ),
    ],
    counter="#count",
    cluster=True,
)

WORKER = Project(
    "web-worker",
    "a module worker by URL with an import of its own, another by ?worker",
    studio(
        r"""
-- src/workers/sum.ts --
import { add } from './arithmetic';

self.onmessage = (event: MessageEvent<number[]>) => {
  self.postMessage(event.data.reduce(add, 0));
};
-- src/workers/arithmetic.ts --
export const add = (a: number, b: number) => a + b;
-- src/workers/echo.ts --
self.onmessage = (event) => self.postMessage('echo ' + event.data);
-- src/hooks/useWorkers.ts --
import { useEffect, useState } from 'react';
import EchoWorker from '../workers/echo?worker';

export function useWorkers() {
  const [sum, setSum] = useState('…');
  const [echo, setEcho] = useState('…');
  useEffect(() => {
    const summing = new Worker(new URL('../workers/sum.ts', import.meta.url), { type: 'module' });
    summing.onmessage = (event) => setSum(String(event.data));
    summing.postMessage([1, 2, 3]);
    const echoing = new EchoWorker();
    echoing.onmessage = (event) => setEcho(event.data);
    echoing.postMessage('hello');
    return () => {
      summing.terminate();
      echoing.terminate();
    };
  }, []);
  return { sum, echo };
}
-- src/App.tsx --
import { useWorkers } from './hooks/useWorkers';

export default function App() {
  const { sum, echo } = useWorkers();
  return <main><p id="sum">{sum}</p><p id="echo">{echo}</p></main>;
}
"""
    ),
    [text("#sum", "6"), text("#echo", "echo hello")],
    [
        Edit(
            "what the worker does",
            {_SRC + "workers/echo.ts": ("'echo '", "'again '")},
            expect=[text("#echo", "again hello")],
            keeps=Keeps.NOTHING,
        ),
        Edit(
            "what a worker imports",
            {_SRC + "workers/arithmetic.ts": ("a + b", "a + b * 10")},
            expect=[text("#sum", "60")],
            keeps=Keeps.NOTHING,
        ),
    ],
    noise=[r"worker_file.*ERR_ABORTED"],  # a worker that is terminated while it loads
)

_FONTS = "https://fonts.googleapis.com/css2?family=Inter:wght@400;700&display=swap"

FONTS = Project(
    "fonts-from-afar",
    "@import of a web font from an address that never answers, a fallback font, @font-face",
    studio(
        rf"""
-- src/styles.css --
@import url('{_FONTS}');
@tailwind base;
@tailwind components;
@tailwind utilities;

:root {{ font-family: 'Inter', 'DejaVu Sans', sans-serif; }}
-- src/App.tsx --
import Counter from './Counter';

export default function App() {{
  return <main className="p-3"><h1 id="title">Fonts</h1><Counter /></main>;
}}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [
        text("#title", "Fonts"),
        css("main", "padding-top", "12px"),
        contains("style", "@import"),
        true("getComputedStyle(document.documentElement).fontFamily.startsWith('Inter')"),
    ],
    [
        Edit("a text", {_SRC + "App.tsx": (">Fonts<", ">Letters<")}, expect=[text("#title", "Letters")]),
        Edit("a class", {_SRC + "App.tsx": ("p-3", "p-[15px]")}, expect=[css("main", "padding-top", "15px")]),
        Edit(
            "the fallback",
            {_SRC + "styles.css": ("'DejaVu Sans', ", "")},
            expect=[true("getComputedStyle(document.documentElement).fontFamily === 'Inter, sans-serif'")],
        ),
    ],
    counter="#count",
    unreachable="https://fonts.googleapis.com/**",
)

STORAGE = Project(
    "storage-and-service-worker",
    "localStorage where the browser refuses it, before the first render and in a hook; a service worker",
    studio(
        r"""
-- public/sw.js --
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') event.respondWith(fetch(event.request));
});
-- src/index.tsx --
import { createRoot } from 'react-dom/client';
import App from './App';
import './styles.css';

const theme = localStorage.getItem('theme') ?? 'light';
document.documentElement.dataset.theme = theme;

createRoot(document.getElementById('root')!).render(<App />);

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').then(
    () => { document.documentElement.dataset.worker = 'registered'; },
    (error) => { document.documentElement.dataset.worker = String(error); },
  );
}
-- src/hooks/useLocalStorage.ts --
import { useEffect, useState } from 'react';

export function useLocalStorage<T>(key: string, initial: T) {
  const [value, setValue] = useState<T>(() => {
    const stored = localStorage.getItem(key);
    return stored === null ? initial : (JSON.parse(stored) as T);
  });
  useEffect(() => localStorage.setItem(key, JSON.stringify(value)), [key, value]);
  return [value, setValue] as const;
}
-- src/App.tsx --
import { useLocalStorage } from './hooks/useLocalStorage';

export default function App() {
  const [visits, setVisits] = useLocalStorage('visits', 0);
  return (
    <main>
      <h1 id="title">Kept here</h1>
      <p id="visits">{visits}</p>
      <button id="visit" onClick={() => setVisits(visits + 1)}>Visit</button>
      <p id="mode">{process.env.NODE_ENV === 'development' ? 'developing' : 'shipped'}</p>
    </main>
  );
}
"""
    ),
    [text("#visits", "0"), text("#mode", "developing"), attribute("html", "data-theme", "light")],
    [
        Act("a visit", click="#visit", expect=[text("#visits", "1")]),
        Edit(
            "a text",
            {_SRC + "App.tsx": ("Kept here", "Still here")},
            expect=[text("#title", "Still here"), text("#visits", "1")],
        ),
        # What was stored is gone: third-party cookies are blocked, and so is every other thing that lasts.
        Act("come back", visit="/", expect=[text("#visits", "0"), text("#title", "Still here")]),
        Edit(
            "a text behind the service worker",
            {_SRC + "App.tsx": ("Still here", "Here for ever")},
            expect=[text("#title", "Here for ever"), text("#visits", "0")],
        ),
    ],
)

MISSING_WORKER = Project(
    "service-worker-missing",
    "a service worker that the project does not have, an <img> and a fetch that fail: the app's own 404s",
    studio(
        r"""
-- src/App.tsx --
import { useEffect, useState } from 'react';
import Counter from './Counter';

export default function App() {
  const [status, setStatus] = useState('…');
  const [worker, setWorker] = useState('…');
  useEffect(() => {
    navigator.serviceWorker?.register('/service-worker.js').catch(() => setWorker('refused'));
    fetch('/api/health').then((answer) => setStatus(String(answer.status)));
  }, []);
  return (
    <main>
      <p id="worker">{worker}</p>
      <p id="status">{status}</p>
      <img src="/no-such-image.png" alt="" />
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#worker", "refused"), text("#status", "404")],
    [
        Edit(
            "a text beside them",
            {_SRC + "App.tsx": ("<Counter />", "<Counter /><b id='beside'>beside</b>")},
            expect=[text("#beside", "beside")],
        )
    ],
    counter="#count",
    noise=[
        r"Failed to load resource: the server responded with a status of 404",
        r"/no-such-image\.png",
        "/api/health",
        "service-worker.js",
        "bad HTTP response code",
    ],
)


def _big_data(version: int) -> str:
    """0.6 MB of records, as a module."""
    rows = [
        {
            "id": number,
            "name": f"Record {number}",
            "tags": ["alpha", "beta", "gamma"],
            "note": "lorem ipsum " * 6,
            "version": version,
        }
        for number in range(4000)
    ]
    return "export const records = " + json.dumps(rows) + ";\n"


BIG_DATA = Project(
    "big-data-file",
    "a generated module of 0.6 MB, sorted, filtered and counted",
    studio(
        r"""
-- src/App.tsx --
import { useMemo, useState } from 'react';
import Counter from './Counter';
import { records } from './data/records';

export default function App() {
  const [query, setQuery] = useState('Record 399');
  const found = useMemo(() => records.filter((record) => record.name.startsWith(query)), [query]);
  return (
    <main>
      <input id="query" value={query} onChange={(event) => setQuery(event.target.value)} />
      <p id="found">{found.length} of {records.length}, version {records[0].version}</p>
      <Counter />
    </main>
  );
}
-- src/data/records.ts --
"""
        + _big_data(1)
        + r"""
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#found", "11 of 4000, version 1")],
    [
        Act("another query", fill=("#query", "Record 1"), expect=[contains("#found", "1111 of 4000")]),
        Edit(
            "the data",
            files={_SRC + "data/records.ts": _big_data(2)},
            expect=[contains("#found", "version 2"), contains("#found", "1111 of")],
        ),
        Edit("the component", {_SRC + "App.tsx": ("version {", "edition {")}, expect=[contains("#found", "edition 2")]),
    ],
    counter="#count",
)

_PAGES, _PARTS = 15, 19  # with what is around them 305 files


def _many() -> Files:
    files: dict[str, str] = {
        "src/styles.css": "@tailwind base;\n@tailwind components;\n@tailwind utilities;\n",
        "src/main.tsx": "import { createRoot } from 'react-dom/client';\nimport App from './App';\nimport './styles.css';\n\n"
        "createRoot(document.getElementById('root')!).render(<App />);\n",
        "src/components/Counter.tsx": COUNTER,
        "package.json": manifest("react-router-dom@^6"),
    }
    for page in range(_PAGES):
        names = [f"Part{page:02d}{part:02d}" for part in range(_PARTS)]
        for number, name in enumerate(names):
            files[f"src/pages/page{page:02d}/{name}.tsx"] = (
                f"export default function {name}() {{\n"
                f'  return <p id="{name}" className="part pl-{number % 8} mt-[{page}px]">{name}</p>;\n}}\n'
            )
        imports = "".join(f"import {name} from './{name}';\n" for name in names)
        files[f"src/pages/page{page:02d}/index.tsx"] = (
            f"{imports}\nexport default function Page{page:02d}() {{\n"
            f"  return <section>{''.join(f'<{name} />' for name in names)}</section>;\n}}\n"
        )
    imports = "".join(f"import Page{page:02d} from './pages/page{page:02d}';\n" for page in range(_PAGES))
    files["src/App.tsx"] = (
        f"{imports}import Counter from './components/Counter';\n\nexport default function App() {{\n"
        f"  return <main><Counter />{''.join(f'<Page{page:02d} />' for page in range(_PAGES))}</main>;\n}}\n"
    )
    return tuple((STUDIO + name, content) for name, content in files.items())


MANY_FILES = Project(
    "three-hundred-files",
    "300 components in 15 folders, all on one page",
    _many(),
    [count(".part", _PAGES * _PARTS), css("#Part0307", "margin-top", "3px")],
    [
        Edit(
            "one of them",
            {_SRC + "pages/page03/Part0307.tsx": (">Part0307<", ">Edited<")},
            expect=[text("#Part0307", "Edited")],
        ),
        Edit(
            "twenty of them",
            {
                _SRC + f"pages/page{number % _PAGES:02d}/Part{number % _PAGES:02d}{number % _PARTS:02d}.tsx": (
                    "part pl",
                    "part wide pl",
                )
                for number in range(20)
            },
            expect=[count(".wide", 20)],
        ),
        Edit(
            "a class that was never used",
            {_SRC + "pages/page14/Part1400.tsx": ("mt-[14px]", "mt-[47px]")},
            expect=[css("#Part1400", "margin-top", "47px")],
        ),
        Edit(
            "one deleted with its importer",
            {
                _SRC + "pages/page00/index.tsx": (
                    "import Part0000 from './Part0000';\n",
                    "const Part0000 = () => null;\n",
                ),
            },
            deleted=[_SRC + "pages/page00/Part0000.tsx"],
            expect=[count(".part", _PAGES * _PARTS - 1)],
        ),
    ],
    counter="#count",
)

PROJECTS = (ASSETS, WORKER, FONTS, STORAGE, MISSING_WORKER, BIG_DATA, MANY_FILES)
