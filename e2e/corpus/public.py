"""An application that nobody here wrote, as its authors published it: Ladle, a workshop for components.

Its package holds its own source, because its command line gives it to Vite on the user's machine. It is fetched into
the cache when a test wants it, by version and hash, and is never copied into this repository.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import platformdirs

from e2e.corpus.bundle import bundle
from e2e.corpus.checks import attribute, contains, count, css, text
from e2e.corpus.project import Act, Edit, Keeps, Project
from e2e.corpus.scaffold import INSTALLING, Files, listed

NAME = "@ladle/react"
VERSION = "5.1.1"
# Of the registry's tarball, as in a lock file.
INTEGRITY = "sha512-HA3djOTK/CRWTdXzQ7sCu/6tmeYGZpRKTNH5hTvVqXH/Qxsnrguscz5uALWiGxcG8b/GAoU1HKbYTo5f53tTBw=="
WHAT = (
    "Ladle's front end (MIT), 52 files and 7,700 lines of TSX in two folders, with icons, an error boundary, frames, a "
    "reducer, hotkeys and a tree, and eleven packages that are not in the catalogue"
)
# A package of 200 kB; npm alone takes a second to start.
FETCH_SECONDS = 60

_SENT = ("lib/app/", "lib/shared/")
_BINARY = ".png"
# What the source imports of the package's own dependencies; the others are its command line's.
_IMPORTED = (
    "@ladle/react-context",
    "@mdx-js/react",
    "axe-core",
    "classnames",
    "debug",
    "history",
    "lodash.merge",
    "msw",
    "prism-react-renderer",
    "query-string",
    "react-hotkeys-hook",
    "react-inspector",
)

# What Ladle's command line makes for the stories of its user: two stories, and the module that lists them.
_AROUND = bundle(r"""
-- lib/app/vite.config.ts --
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { alias: { 'virtual:generated-list': path.resolve(__dirname, 'generated-list.tsx') } },
});
-- lib/app/.env --
VITE_PUBLIC_LADLE_THEME=light
-- lib/app/stories/button.stories.tsx --
import { useState } from 'react';

export const Primary = () => {
  const [count, setCount] = useState(0);
  return <button id="count" onClick={() => setCount(count + 1)}>{count}</button>;
};
export const Secondary = () => <em id="secondary">second</em>;
-- lib/app/generated-list.tsx --
import { createElement, Fragment, lazy, type ReactNode } from 'react';
import composeEnhancers from '/src/compose-enhancers';

const primary = lazy(() => import('./stories/button.stories').then((module) => ({ default: composeEnhancers(module, 'Primary') })));
const secondary = lazy(() => import('./stories/button.stories').then((module) => ({ default: composeEnhancers(module, 'Secondary') })));

export let stories = {
  'button--primary': { component: primary, locStart: 3, locEnd: 6, entry: 'button.stories.tsx' },
  'button--secondary': { component: secondary, locStart: 7, locEnd: 7, entry: 'button.stories.tsx' },
};
export let config = { stories: 'src/**/*.stories.tsx' };
export const Provider = ({ children }: { children: ReactNode }) => createElement(Fragment, null, children);
export const StorySourceHeader = ({ path }: { path: string }) => createElement('code', null, path);
export const args = {};
export const argTypes = {};
export let storySource = {};
export const errorMessage = '';
""")  # noqa: E501  (as the command line would write it)

_THEME = "lib/app/src/addons/theme.tsx"


class NotAsPublished(Exception):
    """What was fetched is not what was chosen."""


def fetched() -> Path:
    """The package's tarball, from the cache or the registry. Raises NotAsPublished, subprocess.CalledProcessError."""
    folder = platformdirs.user_cache_path("kontext-preview") / "corpus"
    tarball = folder / f"{NAME.removeprefix('@').replace('/', '-')}-{VERSION}.tgz"
    if not tarball.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"{NAME}@{VERSION}", "--silent", "--pack-destination", str(folder)]
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_SECONDS)
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if "sha512-" + base64.b64encode(digest).decode() != INTEGRITY:
        tarball.unlink()
        raise NotAsPublished(f"{NAME} {VERSION}: the hash of the package differs; it was removed from the cache")
    return tarball


def project() -> Project:
    """The application as a project of the corpus."""
    return Project(
        "public-ladle",
        f"{NAME} {VERSION}, unchanged",
        _files(fetched()),
        [
            text("#count", "0"),
            contains(".ladle-aside", "Primary"),
            attribute("html", "data-theme", "light"),
            count(".ladle-addons button[aria-label='Switch to dark theme.']", 1),
        ],
        [
            Edit(
                "a label of the application",
                {_THEME: ("Switch to dark theme.", "Lights out.")},
                expect=[count(".ladle-addons button[aria-label='Lights out.']", 1)],
                keeps=Keeps.NOTHING,  # its modules export functions beside components
            ),
            Act("its dark theme", click="[aria-label='Lights out.']", expect=[attribute("html", "data-theme", "dark")]),
            Edit(
                "its stylesheet",
                {"lib/app/ladle.css": (":root {", ".ladle-main { outline: 3px solid red; }\n:root {")},
                expect=[css(".ladle-main", "outline-width", "3px")],
                keeps=Keeps.NOTHING,  # the page loads it with a link
            ),
            Edit(
                "a story",
                {"lib/app/stories/button.stories.tsx": ("<button id", "<button title='again' id")},
                expect=[attribute("#count", "title", "again")],
                keeps=Keeps.NOTHING,
            ),
        ],
        noise=INSTALLING,
        root="#ladle-root",
    )


def _files(tarball: Path) -> Files:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/"): name for name in archive.getnames()}
        sent = {name: _content(archive, names[name]) for name in sorted(names) if name.startswith(_SENT)}
        published = json.loads(_content(archive, names["package.json"]))
    return listed({**sent, **_AROUND, "lib/app/package.json": _manifest(published)})


def _content(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        raise NotAsPublished(f"{name} is no file")
    data = member.read()
    return base64.b64encode(data).decode() if name.endswith(_BINARY) else data.decode()


def _manifest(published: dict[str, Any]) -> str:
    ranges = {name: published["dependencies"][name] for name in _IMPORTED}
    return json.dumps({"name": "ladle", "dependencies": {"react": "^18", "react-dom": "^18", **ranges}}, indent=2)
