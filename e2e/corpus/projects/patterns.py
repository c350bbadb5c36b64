"""What React itself offers, in the ways that generated code uses it."""

from __future__ import annotations

from e2e.corpus.checks import attribute, contains, count, css, gone, text, true
from e2e.corpus.project import Act, Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, studio

_SRC = STUDIO + "src/"

LAZY = Project(
    "lazy-routes",
    "lazy() and Suspense, a dynamic import with a variable part, import.meta.glob",
    studio(
        r"""
-- src/pages/Reports.tsx --
export default function Reports() {
  return <h2 id="reports">Reports, loaded late</h2>;
}
-- src/locales/en.ts --
export default { hello: 'Hello' };
-- src/locales/it.ts --
export default { hello: 'Ciao' };
-- src/widgets/clock.tsx --
export const name = 'clock';
-- src/widgets/weather.tsx --
export const name = 'weather';
-- src/App.tsx --
import { lazy, Suspense, useEffect, useState } from 'react';
import Counter from './Counter';

const Reports = lazy(() => import('./pages/Reports'));
const widgets = import.meta.glob<{ name: string }>('./widgets/*.tsx', { eager: true });

export default function App() {
  const [shown, setShown] = useState(false);
  const [language, setLanguage] = useState('en');
  const [hello, setHello] = useState('…');
  useEffect(() => {
    import(`./locales/${language}.ts`).then((module) => setHello(module.default.hello));
  }, [language]);
  return (
    <main>
      <p id="hello">{hello}</p>
      <p id="widgets">{Object.values(widgets).map((widget) => widget.name).join(' ')}</p>
      <button id="italian" onClick={() => setLanguage('it')}>it</button>
      <button id="show" onClick={() => setShown(true)}>Reports</button>
      {shown && <Suspense fallback={<p id="loading">Loading…</p>}><Reports /></Suspense>}
      <Counter />
    </main>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#hello", "Hello"), text("#widgets", "clock weather"), gone("#reports")],
    [
        Edit(
            "a page that is not loaded yet",
            {_SRC + "pages/Reports.tsx": ("Reports, loaded late", "Reports, edited early")},
            expect=[gone("#reports")],
        ),
        Act("load it", click="#show", expect=[text("#reports", "Reports, edited early")]),
        Act("another language", click="#italian", expect=[text("#hello", "Ciao")]),
        Edit(
            "the page that was loaded late",
            {_SRC + "pages/Reports.tsx": ("edited early", "edited twice")},
            expect=[text("#reports", "Reports, edited twice")],
        ),
        Edit(
            "one more file for the glob",
            files={_SRC + "widgets/stocks.tsx": "export const name = 'stocks';\n"},
            expect=[text("#widgets", "clock stocks weather")],
        ),
    ],
    counter="#count",
)

BOUNDARY = Project(
    "error-boundary",
    "a class component that catches, a child that throws when it is told to",
    studio(
        r"""
-- src/components/ErrorBoundary.tsx --
import React from 'react';

interface State { error: Error | null }

export class ErrorBoundary extends React.Component<{ children: React.ReactNode }, State> {
  state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  render() {
    if (this.state.error) return <p id="caught">Something went wrong: {this.state.error.message}</p>;
    return this.props.children;
  }
}
-- src/components/Risky.tsx --
import { useState } from 'react';

export default function Risky() {
  const [broken, setBroken] = useState(false);
  if (broken) throw new Error('as told');
  return <button id="break" onClick={() => setBroken(true)}>Break</button>;
}
-- src/App.tsx --
import Counter from './Counter';
import { ErrorBoundary } from './components/ErrorBoundary';
import Risky from './components/Risky';

export default function App() {
  return (
    <div>
      <Counter />
      <ErrorBoundary><Risky /></ErrorBoundary>
    </div>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#break", "Break")],
    [
        # React notes boundaries that caught something, so as to try them again, only from a page's first edit on.
        Edit(
            "before anything breaks",
            {_SRC + "components/Risky.tsx": (">Break<", ">Break it<")},
            expect=[text("#break", "Break it")],
        ),
        Act("break it", click="#break", expect=[text("#caught", "Something went wrong: as told")]),
        Edit(
            "the child that threw: the boundary tries again",
            {
                _SRC + "components/Risky.tsx": (
                    "if (broken) throw new Error('as told');",
                    "if (broken) return <b id='ok'>ok</b>;",
                )
            },
            expect=[gone("#caught")],
        ),
        Edit(
            "a render that throws beside the counter",
            {_SRC + "components/Risky.tsx": ("const [broken", "[].at(0)!.toString();\n  const [broken")},
            expect=[contains("#caught", "Something went wrong")],
        ),
        Edit(
            "mended",
            {_SRC + "components/Risky.tsx": ("[].at(0)!.toString();\n  ", "")},
            expect=[gone("#caught"), count("#break", 1)],
        ),
    ],
    counter="#count",
    noise=["as told", "The above error occurred", "Cannot read properties of undefined"],
)

PORTAL = Project(
    "portal-modal",
    "createPortal into the body, refs, escape key, a layout effect",
    studio(
        r"""
-- src/components/Modal.tsx --
import { useEffect, useRef, type ReactNode } from 'react';
import { createPortal } from 'react-dom';

export function Modal({ open, onClose, children }: { open: boolean; onClose: () => void; children: ReactNode }) {
  const closeRef = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (open) closeRef.current?.focus();
  }, [open]);
  if (!open) return null;
  return createPortal(
    <div id="modal" role="dialog" className="fixed inset-0 grid place-items-center bg-black/40">
      <div className="rounded bg-white p-6">
        {children}
        <button id="close" ref={closeRef} onClick={onClose}>Close</button>
      </div>
    </div>,
    document.body,
  );
}
-- src/App.tsx --
import { useState } from 'react';
import { Modal } from './components/Modal';

export default function App() {
  const [open, setOpen] = useState(false);
  const [note, setNote] = useState('');
  return (
    <main>
      <button id="open" onClick={() => setOpen(true)}>Open</button>
      <Modal open={open} onClose={() => setOpen(false)}>
        <label id="label">Note <input id="note" value={note} onChange={(event) => setNote(event.target.value)} /></label>
      </Modal>
    </main>
  );
}
"""
    ),
    [gone("#modal")],
    [
        Act("open", click="#open", expect=[true("document.activeElement.id === 'close'")]),
        Act("type", fill=("#note", "still here")),
        Edit(
            "the modal while it is open",
            {_SRC + "components/Modal.tsx": ("rounded bg-white p-6", "rounded-[19px] bg-white p-6")},
            expect=[css("#modal > div", "border-top-left-radius", "19px"), true("note.value === 'still here'")],
        ),
        Edit(
            "its content",
            {_SRC + "App.tsx": ("Note <input", "Remark <input")},
            expect=[text("#label", "Remark"), true("note.value === 'still here'")],
        ),
        Act("close", click="#close", expect=[gone("#modal")]),
    ],
)

CLASSES = Project(
    "class-components",
    "class components, anonymous default exports, forwardRef, memo, a render prop, StrictMode",
    studio(
        r"""
-- src/components/Timer.tsx --
import { Component } from 'react';

interface Props { label: string }

export default class Timer extends Component<Props, { ticks: number }> {
  constructor(props: Props) {
    super(props);
    this.state = { ticks: 0 };
  }

  render() {
    return (
      <button id="tick" onClick={() => this.setState((state) => ({ ticks: state.ticks + 1 }))}>
        {this.props.label} {this.state.ticks}
      </button>
    );
  }
}
-- src/components/Anonymous.tsx --
export default () => <p id="anonymous">No name</p>;
-- src/components/Field.tsx --
import { forwardRef, memo } from 'react';

const Field = forwardRef<HTMLInputElement, { label: string }>(({ label }, ref) => (
  <label id="field">{label}<input ref={ref} /></label>
));

export default memo(Field);
-- src/components/Toggle.tsx --
import { useState, type ReactNode } from 'react';

export function Toggle({ children }: { children: (on: boolean, flip: () => void) => ReactNode }) {
  const [on, setOn] = useState(false);
  return <>{children(on, () => setOn(!on))}</>;
}
-- src/App.tsx --
import Anonymous from './components/Anonymous';
import Counter from './Counter';
import Field from './components/Field';
import Timer from './components/Timer';
import { Toggle } from './components/Toggle';

export default function App() {
  return (
    <div>
      <Timer label="Ticks" />
      <Anonymous />
      <Field label="Name" />
      <Toggle>{(on, flip) => <button id="toggle" onClick={flip}>{on ? 'on' : 'off'}</button>}</Toggle>
      <Counter />
    </div>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#tick", "Ticks 0"), text("#anonymous", "No name"), text("#field", "Name"), text("#toggle", "off")],
    [
        Act("flip", click="#toggle", expect=[text("#toggle", "on")]),
        Edit(
            "the render prop",
            {_SRC + "App.tsx": ("'on' : 'off'", "'yes' : 'no'")},
            expect=[text("#toggle", "yes")],
        ),
        Edit(
            "a class component: it starts anew, what is around it stays",
            {_SRC + "components/Timer.tsx": ("{this.props.label} {this", "{this.props.label}: {this")},
            expect=[text("#tick", "Ticks: 0"), text("#toggle", "yes")],
        ),
        Edit(
            "a memoised forwardRef",
            {_SRC + "components/Field.tsx": ("{label}<input", "{label}: <input")},
            expect=[text("#field", "Name:"), text("#toggle", "yes")],
        ),
        Edit(
            "an anonymous component",
            {_SRC + "components/Anonymous.tsx": ("No name", "Still none")},
            expect=[text("#anonymous", "Still none")],
            keeps=Keeps.NOTHING,  # Fast Refresh knows components by their names
        ),
    ],
    counter="#count",
)

_BARREL_FEATURES = "".join(
    f"""
-- src/features/feature{number}/Feature{number}.tsx --
import {{ Badge, names }} from '../..';

export function Feature{number}() {{
  return <li className="feature"><Badge text={{names[{number}]}} /></li>;
}}
-- src/features/feature{number}/index.ts --
export {{ Feature{number} }} from './Feature{number}';
"""
    for number in range(5)
)

BARRELS = Project(
    "barrels-circular",
    "barrel files three deep, circular imports between them, type-only files",
    studio(
        r"""
-- src/index.ts --
export * from './components';
export * from './features';
export * from './names';
export type * from './types';
-- src/types.ts --
export interface Named { name: string }
-- src/names.ts --
export const names = ['zero', 'one', 'two', 'three', 'four'];
-- src/components/index.ts --
export { default as Badge } from './Badge';
export { default as List } from './List';
-- src/components/Badge.tsx --
export default function Badge({ text }: { text: string }) {
  return <span className="badge rounded px-1">{text}</span>;
}
-- src/components/List.tsx --
import { Feature0, Feature1, Feature2, Feature3, Feature4 } from '..';

export default function List() {
  return <ul><Feature0 /><Feature1 /><Feature2 /><Feature3 /><Feature4 /></ul>;
}
-- src/features/index.ts --
export * from './feature0';
export * from './feature1';
export * from './feature2';
export * from './feature3';
export * from './feature4';
"""
        + _BARREL_FEATURES
        + r"""
-- src/App.tsx --
import { List } from '.';
import Counter from './Counter';

export default function App() {
  return <div><List /><Counter /></div>;
}
-- src/main.tsx --
import ReactDOM from 'react-dom/client';
import App from './App';
import './styles.css';

ReactDOM.createRoot(document.getElementById('root')!).render(<App />);
-- src/Counter.tsx --
"""
        + COUNTER,
        without=("src/index.tsx",),
    ),
    [count(".feature", 5), text(".badge", "zero")],
    [
        Edit(
            "a leaf of the circle",
            {_SRC + "components/Badge.tsx": ("{text}", "#{text}")},
            expect=[text(".badge", "#zero")],
            keeps=Keeps.NOTHING,  # a module that is part of a circle cannot always be exchanged alone
        ),
        Edit(
            "types only",
            {_SRC + "types.ts": ("name: string", "name: string; title?: string")},
            expect=[text(".badge", "#zero")],
        ),
        Edit(
            "a constant behind two barrels",
            {_SRC + "names.ts": ("'zero'", "'nought'")},
            expect=[text(".badge", "#nought")],
            keeps=Keeps.NOTHING,
        ),
    ],
    counter="#count",
)

INLINE = Project(
    "styled-inline",
    "no stylesheet at all: style objects, a theme object, hover by state, a style element",
    studio(
        r"""
-- src/theme.ts --
export const theme = { accent: '#e11d48', space: 12, font: 'Georgia, serif' };
-- src/index.tsx --
import { createRoot } from 'react-dom/client';
import { App } from './App';

createRoot(document.getElementById('root')!).render(<App />);
-- src/App.tsx --
import { useState, type CSSProperties } from 'react';
import { theme } from './theme';

const box: CSSProperties = { padding: theme.space, fontFamily: theme.font, border: `2px solid ${theme.accent}` };

export function App() {
  const [count, setCount] = useState(0);
  return (
    <div id="box" style={box}>
      <style>{`#count { letter-spacing: 4px; }`}</style>
      <button id="count" style={{ background: count > 1 ? theme.accent : 'white' }} onClick={() => setCount(count + 1)}>
        {count}
      </button>
    </div>
  );
}
""",
        without=("src/styles.css", "tailwind.config.js", "postcss.config.js"),
    ),
    [css("#box", "padding-top", "12px"), css("#count", "letter-spacing", "4px")],
    [
        Edit(
            "the style object",
            {_SRC + "App.tsx": ("`2px solid", "`5px solid")},
            expect=[css("#box", "border-top-width", "5px")],
        ),
        Edit(
            "the theme object",
            {_SRC + "theme.ts": ("#e11d48", "#059669")},
            expect=[css("#count", "background-color", "rgb(5, 150, 105)")],
        ),
        Edit(
            "an inline style",
            {_SRC + "App.tsx": ("style={{ background:", "style={{ margin: 3, background:")},
            expect=[css("#count", "margin-top", "3px")],
        ),
    ],
    counter="#count",
)

WORDS = Project(
    "i18n-rtl",
    "texts in Arabic, Hebrew, Chinese and emoji, right to left, Intl, line separators in strings",
    studio(
        r"""
-- src/i18n/texts.ts --
export const texts = {
  en: { dir: 'ltr', hello: 'Hello 👋🏽', items: (n: number) => `${n} items` },
  ar: { dir: 'rtl', hello: 'مرحبا بالعالم', items: (n: number) => `${n} عناصر` },
  he: { dir: 'rtl', hello: 'שלום עולם', items: (n: number) => `${n} פריטים` },
  zh: { dir: 'ltr', hello: '你好，世界 🌏', items: (n: number) => `${n} 个项目` },
} as const;
export type Language = keyof typeof texts;
-- src/i18n/LanguageContext.tsx --
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { texts, type Language } from './texts';

const Context = createContext<{ language: Language; choose: (language: Language) => void }>({ language: 'en', choose: () => {} });

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState<Language>('en');
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = texts[language].dir;
  }, [language]);
  return <Context.Provider value={{ language, choose }}>{children}</Context.Provider>;
}

export const useLanguage = () => useContext(Context);
-- src/components/Hello.tsx --
import { texts, type Language } from '../i18n/texts';
import { useLanguage } from '../i18n/LanguageContext';

export default function Hello() {
  const { language, choose } = useLanguage();
  return (
    <section className="ps-4">
      <h1 id="hello">{texts[language].hello}</h1>
      <p id="items">{texts[language].items(3)}</p>
      {(Object.keys(texts) as Language[]).map((one) => (
        <button key={one} id={`choose-${one}`} onClick={() => choose(one)}>{one}</button>
      ))}
      <time id="date">{new Intl.DateTimeFormat('ar-EG', { month: 'long', timeZone: 'UTC' }).format(new Date(0))}</time>
    </section>
  );
}
-- src/App.tsx --
import Counter from './Counter';
import Hello from './components/Hello';
import { LanguageProvider } from './i18n/LanguageContext';

export default function App() {
  return <LanguageProvider><Hello /><Counter /></LanguageProvider>;
}
-- src/Counter.tsx --
"""
        + COUNTER
    ),
    [text("#hello", "Hello 👋🏽"), text("#date", "يناير"), css("section", "padding-left", "16px")],
    [
        Act(
            "Arabic",
            click="#choose-ar",
            expect=[
                text("#hello", "مرحبا بالعالم"),
                attribute("html", "dir", "rtl"),
                css("section", "padding-right", "16px"),
            ],
        ),
        Edit(
            "an Arabic text",
            {_SRC + "i18n/texts.ts": ("مرحبا بالعالم", "أهلاً وسهلاً")},
            expect=[text("#hello", "أهلاً وسهلاً"), attribute("html", "dir", "rtl")],
            keeps=Keeps.PAGE,  # the context is made anew with its module, and what is inside the provider with it
        ),
        Edit(
            "an emoji of several code points",
            {_SRC + "components/Hello.tsx": ("<time", "<b id='family'>👩‍👩‍👧‍👦🇺🇦</b><time")},
            expect=[text("#family", "👩‍👩‍👧‍👦🇺🇦")],
        ),
    ],
    counter="#count",
)

PROJECTS = (LAZY, BOUNDARY, PORTAL, CLASSES, BARRELS, INLINE, WORDS)
