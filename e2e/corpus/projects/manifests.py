"""What is said about dependencies and configuration: nothing, too little, something wrong, or something else."""

from __future__ import annotations

from itertools import product

from e2e.corpus.checks import contains, css, text, true
from e2e.corpus.project import Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, INSTALLING, STUDIO, plain, studio

_SRC = STUDIO + "src/"

_APP = (
    r"""
-- src/App.tsx --
import Counter from './Counter';

export default function App() {
  return <main><h1 id="title">Here</h1><Counter /></main>;
}
-- src/Counter.tsx --
"""
    + COUNTER
)


def _titled(name: str, word: str) -> Edit:
    """An edit of the title in the file sent as `name`."""
    return Edit(f"title: {word}", {name: ("Here", word)}, expect=[text("#title", word)])


NO_MANIFEST = Project(
    "no-package-json",
    "App and counter only: no package.json, no entry, no page, no stylesheet",
    plain(
        r"""
-- App.tsx --
import Counter from './Counter';

export default function App() {
  return <main><h1 id="title">Here</h1><Counter /></main>;
}
-- Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "Here")],
    [_titled("App.tsx", "There")],
    counter="#count",
)

INVALID_MANIFEST = Project(
    "invalid-package-json",
    "package.json with a trailing comma and a comment",
    tuple(
        (
            name,
            '{\n  // broken\n  "dependencies": { "react": "^18", },\n}\n' if name.endswith("package.json") else content,
        )
        for name, content in studio(_APP)
    ),
    [text("#title", "Here")],
    [
        _titled(_SRC + "App.tsx", "There"),
        Edit(
            "a valid one",
            files={STUDIO + "package.json": '{ "dependencies": { "react": "^18", "react-dom": "^18" } }\n'},
            expect=[text("#title", "There")],
        ),
    ],
    counter="#count",
)

MANIFEST_OBJECT = Project(
    "package-json-object",
    "the manifest only as the call's `packageJson`; an import that it does not list",
    tuple(
        (
            name,
            content.replace("import Counter", "import { clsx } from 'clsx';\nimport Counter").replace(
                "<main>", "<main className={clsx('p-6', { 'mt-2': true })}>"
            ),
        )
        for name, content in studio(_APP, without=("package.json",))
    ),
    [text("#title", "Here"), css("main", "padding-top", "24px"), css("main", "margin-top", "8px")],
    [_titled(_SRC + "App.tsx", "There")],
    package_json={"name": "from-the-call", "dependencies": {"react": "^18.2.0", "react-dom": "^18.2.0"}},
    counter="#count",
    cluster=True,
)

REACT_19 = Project(
    "react-19",
    "a manifest that asks for React 19: `use`, ref as a property, document metadata",
    tuple(
        (name, content.replace("^18.2.0", "^19.0.0"))
        for name, content in studio(
            r"""
-- src/App.tsx --
import { Suspense, use, version } from 'react';
import Counter from './Counter';

const promised = Promise.resolve('used');

function Value() {
  return <b id="used">{use(promised)}</b>;
}

export default function App() {
  return (
    <main>
      <title>Nineteen</title>
      <h1 id="title">{version.split('.')[0]}</h1>
      <Suspense fallback="…"><Value /></Suspense>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
            + COUNTER
        )
    ),
    [text("#title", "19"), text("#used", "used"), true("document.title === 'Nineteen'")],
    [Edit("an element", {_SRC + "App.tsx": ('fallback="…"', 'fallback="..."')}, expect=[text("#used", "used")])],
    counter="#count",
    noise=[*INSTALLING, "use is not a function", "The above error occurred"],
)

OUTSIDE = Project(
    "outside-the-catalogue",
    "packages that nobody baked: @hookform/resolvers, nanoid, react-hot-toast",
    studio(
        r"""
-- src/App.tsx --
import { zodResolver } from '@hookform/resolvers/zod';
import { nanoid } from 'nanoid';
import { useForm } from 'react-hook-form';
import { Toaster } from 'react-hot-toast';
import { z } from 'zod';
import Counter from './Counter';

const schema = z.object({ name: z.string().min(2, 'Too short') });
const id = nanoid(8);

export default function App() {
  const { register, formState } = useForm({ resolver: zodResolver(schema), defaultValues: { name: '' } });
  return (
    <main>
      <Toaster />
      <h1 id="title">{id.length} characters, {formState.isValid ? 'valid' : 'not valid'}</h1>
      <form><input {...register('name')} /></form>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER,
        "@hookform/resolvers@^3",
        "nanoid@^5",
        "react-hook-form",
        "react-hot-toast@^2",
        "zod@^3",
    ),
    [contains("#title", "8 characters")],
    [Edit("an element", {_SRC + "App.tsx": (" characters,", " letters,")}, expect=[contains("#title", "8 letters")])],
    counter="#count",
    noise=INSTALLING,
)

ALIASES = Project(
    "path-aliases",
    "aliases in tsconfig `paths` with comments, others in vite.config, a file and a folder",
    studio(
        r"""
-- tsconfig.json --
{
  // used by the editor
  "compilerOptions": {
    "baseUrl": ".",
    "paths": { "@components/*": ["./src/components/*"], "~config": ["./src/config.ts"], },
  },
}
-- vite.config.ts --
import path from 'path';
import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      '@': path.resolve(__dirname, './src'),
      '#lib': path.resolve(__dirname, 'src/lib'),
    },
  },
  server: { port: 3000 },
});
-- src/config.ts --
export const config = { name: 'aliased' };
-- src/lib/shout.ts --
export const shout = (text: string) => text.toUpperCase() + '!';
-- src/components/Title.tsx --
import { shout } from '#lib/shout';
import { config } from '~config';

export default function Title() {
  return <h1 id="title">{shout(config.name)}</h1>;
}
-- src/App.tsx --
import Title from '@components/Title';
import Counter from '@/components/Counter';

export default function App() {
  return <main><Title /><Counter /></main>;
}
-- src/components/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#title", "ALIASED!")],
    [
        Edit("behind an alias", {_SRC + "lib/shout.ts": ("'!'", "'?'")}, expect=[text("#title", "ALIASED?")]),
        Edit("behind another", {_SRC + "config.ts": ("'aliased'", "'renamed'")}, expect=[text("#title", "RENAMED?")]),
    ],
    counter="#count",
)

ENVIRONMENT = Project(
    "define-and-env",
    "`define` and `loadEnv` in vite.config, import.meta.env.VITE_* from .env, process.env.*",
    studio(
        r"""
-- .env --
VITE_API_URL=https://api.example.org
VITE_TITLE="My app"
SECRET=never
-- vite.config.js --
import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  define: {
    __VERSION__: JSON.stringify('1.2.3'),
    'process.env.CANISTER_ID_BACKEND': JSON.stringify('rrkah-fqaaa-aaaaa-aaaaq-cai'),
    global: 'globalThis',
  },
}));
-- src/vite-env.d.ts --
/// <reference types="vite/client" />
declare const __VERSION__: string;
-- src/App.tsx --
import Counter from './Counter';

export default function App() {
  return (
    <main>
      <p id="version">{__VERSION__}</p>
      <p id="api">{import.meta.env.VITE_API_URL}</p>
      <h1 id="title">{import.meta.env.VITE_TITLE}</h1>
      <p id="canister">{process.env.CANISTER_ID_BACKEND}</p>
      <p id="secret">{String(import.meta.env.SECRET)}</p>
      <p id="mode">{import.meta.env.MODE} {String(import.meta.env.DEV)}</p>
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [
        text("#version", "1.2.3"),
        text("#api", "https://api.example.org"),
        text("#title", "My app"),
        text("#canister", "rrkah-fqaaa-aaaaa-aaaaq-cai"),
        text("#secret", "undefined"),
        text("#mode", "development true"),
    ],
    [
        Edit(
            "a defined value",
            {STUDIO + "vite.config.js": ("1.2.3", "1.2.4")},
            expect=[text("#version", "1.2.4")],
            keeps=Keeps.NOTHING,
        ),
        Edit(
            "an environment value",
            {STUDIO + ".env": ("My app", "Your app")},
            expect=[text("#title", "Your app")],
            keeps=Keeps.NOTHING,
        ),
    ],
    counter="#count",
)

_POSTCSS = {
    "cjs": "module.exports = { plugins: { tailwindcss: {}, autoprefixer: {} } };\n",
    "esm": "export default { plugins: { tailwindcss: {}, autoprefixer: {} } };\n",
}
_TAILWIND = {
    "cjs": "const content = ['./src/**/*.{ts,tsx}'];\nmodule.exports = { content, theme: { extend: { spacing: { own: '33px' } } } };\n",
    "esm": "const content = ['./src/**/*.{ts,tsx}'];\nexport default { content, theme: { extend: { spacing: { own: '33px' } } } };\n",
}
_TYPES = {"none": "", "module": '"type": "module", ', "commonjs": '"type": "commonjs", '}


def _combination(kind: str, postcss: str, tailwind: str) -> Project:
    manifest = f'{{ {_TYPES[kind]}"dependencies": {{ "react": "^18", "react-dom": "^18" }} }}\n'
    configs = {
        "package.json": manifest,
        "postcss.config.js": _POSTCSS[postcss],
        "tailwind.config.js": _TAILWIND[tailwind],
    }
    files = studio(_APP.replace("<main>", '<main className="p-own">'), without=tuple(configs))
    return Project(
        f"config-{kind}-{postcss}-{tailwind}",
        f"package type {kind}, postcss.config {postcss}, tailwind.config {tailwind}",
        (*files, *((STUDIO + name, content) for name, content in configs.items())),
        [text("#title", "Here"), css("main", "padding-top", "33px")],
        [
            Edit(
                "the theme",
                {STUDIO + "tailwind.config.js": ("33px", "44px")},
                expect=[css("main", "padding-top", "44px")],
            )
        ],
        counter="#count",
    )


PROJECTS = (
    NO_MANIFEST,
    INVALID_MANIFEST,
    MANIFEST_OBJECT,
    REACT_19,
    OUTSIDE,
    ALIASES,
    ENVIRONMENT,
    *(_combination(*three) for three in product(_TYPES, _POSTCSS, _TAILWIND)),
)
