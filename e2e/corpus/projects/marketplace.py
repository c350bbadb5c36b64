"""One whole application as an AI app builder delivers it: a marketplace on the Internet Computer, back end included."""

from __future__ import annotations

from e2e.corpus.bundle import bundle
from e2e.corpus.checks import attribute, contains, count, css, gone, text
from e2e.corpus.project import Act, Edit, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, studio

_PREFIX = "NFT Marketplace/"
_SRC = _PREFIX + STUDIO + "src/"


def _icon_button(name: str, icon: str) -> str:
    return f"""
-- src/components/buttons/{name}Button.tsx --
import {{ {icon} }} from 'lucide-react';
import {{ IconButton }} from '../ui/IconButton';

export const {name}Button: React.FC<{{ onClick?: () => void }}> = ({{ onClick }}) => (
  <IconButton label="{name}" onClick={{onClick}}><{icon} size={{16}} /></IconButton>
);
"""


_FRONTEND = (
    r"""
-- tailwind.config.js --
/** @type {import('tailwindcss').Config} */
export default {
  content: ['./index.html', './src/**/*.{js,ts,jsx,tsx}'],
  darkMode: 'class',
  theme: {
    container: { center: true, padding: '2rem' },
    extend: {
      colors: {
        border: 'hsl(var(--border))',
        background: 'hsl(var(--background))',
        foreground: 'hsl(var(--foreground))',
        primary: { DEFAULT: 'hsl(var(--primary))', foreground: 'hsl(var(--primary-foreground))' },
      },
      borderRadius: { lg: 'var(--radius)', md: 'calc(var(--radius) - 2px)' },
    },
  },
  plugins: [],
};
-- tsconfig.json --
{ "compilerOptions": { "jsx": "react-jsx", "module": "ESNext", "moduleResolution": "bundler", "strict": true } }
-- candid/marketplace.did --
service : { list : () -> (vec record { id : nat; name : text; price : nat }) query }
-- candid/marketplace.did.js --
export const idlFactory = ({ IDL }) =>
  IDL.Service({
    list: IDL.Func([], [IDL.Vec(IDL.Record({ id: IDL.Nat, name: IDL.Text, price: IDL.Nat }))], ['query']),
  });
-- src/index.tsx --
import React from 'react';
import ReactDOM from 'react-dom/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { BrowserRouter } from 'react-router-dom';
import App from './App';
import { ThemeProvider } from './contexts/ThemeContext';
import './styles.css';

const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });

ReactDOM.createRoot(document.getElementById('root')!).render(
  <React.StrictMode>
    <QueryClientProvider client={queryClient}>
      <BrowserRouter>
        <ThemeProvider>
          <App />
        </ThemeProvider>
      </BrowserRouter>
    </QueryClientProvider>
  </React.StrictMode>,
);
-- src/styles.css --
@tailwind base;
@tailwind components;
@tailwind utilities;

@layer base {
  :root {
    --background: 0 0% 100%;
    --foreground: 222 47% 11%;
    --primary: 262 83% 58%;
    --primary-foreground: 0 0% 100%;
    --border: 214 32% 91%;
    --radius: 12px;
  }
  .dark {
    --background: 222 47% 11%;
    --foreground: 0 0% 100%;
  }
  body { @apply bg-background text-foreground; }
}

@layer utilities {
  .text-balance { text-wrap: balance; }
}
-- src/App.tsx --
import { Route, Routes } from 'react-router-dom';
import { Toaster } from 'sonner';
import { Layout } from './components/layout/Layout';
import { CollectionPage } from './pages/CollectionPage';
import { HomePage } from './pages/HomePage';
import { ItemPage } from './pages/ItemPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { ProfilePage } from './pages/ProfilePage';

function App() {
  return (
    <>
      <Toaster />
      <Routes>
        <Route element={<Layout />}>
          <Route path="/" element={<HomePage />} />
          <Route path="/collection" element={<CollectionPage />} />
          <Route path="/item/:id" element={<ItemPage />} />
          <Route path="/profile" element={<ProfilePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </>
  );
}

export default App;
-- src/types/index.ts --
export interface Item { id: number; name: string; price: number; owner: string; tags: string[] }
export type SortKey = 'name' | 'price';
-- src/data/items.ts --
import type { Item } from '../types';

export const items: Item[] = [
  { id: 1, name: 'Dusk', price: 12, owner: '2vxsx-fae', tags: ['night', 'blue'] },
  { id: 2, name: 'Aurora', price: 45, owner: '2vxsx-fae', tags: ['night', 'green'] },
  { id: 3, name: 'Noon', price: 7, owner: 'aaaaa-aa', tags: ['day'] },
  { id: 4, name: 'Tide', price: 30, owner: 'aaaaa-aa', tags: ['sea', 'blue'] },
];
-- src/services/actor.ts --
import { Actor, HttpAgent } from '@dfinity/agent';
import { idlFactory } from '../../candid/marketplace.did.js';

const agent = new HttpAgent({ host: 'https://icp0.io' });
export const marketplace = Actor.createActor(idlFactory, { agent, canisterId: 'aaaaa-aa' });
-- src/services/items.ts --
import { items } from '../data/items';
import type { Item } from '../types';

// The canister is called when it is deployed; a preview shows what the data module holds.
export async function listItems(): Promise<Item[]> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return items;
}
-- src/hooks/useItems.ts --
import { useQuery } from '@tanstack/react-query';
import { listItems } from '../services/items';

export const useItems = () => useQuery(['items'], listItems);
-- src/hooks/useSorted.ts --
import { useMemo } from 'react';
import type { Item, SortKey } from '../types';

export function useSorted(items: Item[], key: SortKey) {
  return useMemo(() => [...items].sort((a, b) => (a[key] > b[key] ? 1 : -1)), [items, key]);
}
-- src/hooks/useFavourites.ts --
import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface State { ids: number[]; toggle: (id: number) => void }

export const useFavourites = create<State>()(
  persist(
    (set) => ({
      ids: [],
      toggle: (id) => set(({ ids }) => ({ ids: ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id] })),
    }),
    { name: 'favourites' },
  ),
);
-- src/contexts/ThemeContext.tsx --
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

type Theme = 'light' | 'dark';
const ThemeContext = createContext<{ theme: Theme; toggle: () => void }>({ theme: 'light', toggle: () => {} });

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>('light');
  useEffect(() => {
    document.documentElement.classList.toggle('dark', theme === 'dark');
  }, [theme]);
  return (
    <ThemeContext.Provider value={{ theme, toggle: () => setTheme(theme === 'light' ? 'dark' : 'light') }}>
      {children}
    </ThemeContext.Provider>
  );
}

export const useTheme = () => useContext(ThemeContext);
-- src/lib/utils.ts --
import { clsx, type ClassValue } from 'clsx';
import { twMerge } from 'tailwind-merge';

export const cn = (...inputs: ClassValue[]) => twMerge(clsx(inputs));
export const formatPrice = (price: number) => `${price.toFixed(2)} ICP`;
-- src/components/Counter.tsx --
"""
    + COUNTER
    + r"""
-- src/components/ui/IconButton.tsx --
import type { ReactNode } from 'react';
import { cn } from '../../lib/utils';

interface Props { label: string; onClick?: () => void; className?: string; children: ReactNode }

export function IconButton({ label, onClick, className, children }: Props) {
  return (
    <button aria-label={label} onClick={onClick} className={cn('rounded-md border border-border p-2', className)}>
      {children}
    </button>
  );
}
-- src/components/ui/Badge.tsx --
export const Badge = ({ children }: { children: string }) => (
  <span className="badge rounded-full bg-primary px-2 py-0.5 text-xs text-primary-foreground">{children}</span>
);
-- src/components/ui/Card.tsx --
import type { HTMLAttributes } from 'react';
import { cn } from '../../lib/utils';

export const Card = ({ className, ...props }: HTMLAttributes<HTMLDivElement>) => (
  <div className={cn('card rounded-lg border border-border p-4', className)} {...props} />
);
-- src/components/ui/Spinner.tsx --
import { Loader2 } from 'lucide-react';

export const Spinner = () => <Loader2 className="animate-spin" />;
-- src/components/ui/EmptyState.tsx --
export const EmptyState = ({ title }: { title: string }) => <p id="empty" className="py-10 text-center opacity-60">{title}</p>;
"""
    + _icon_button("Favourite", "Heart")
    + _icon_button("Share", "Share2")
    + _icon_button("Theme", "Moon")
    + r"""
-- src/components/layout/Header.tsx --
import { Link } from 'react-router-dom';
import { useTheme } from '../../contexts/ThemeContext';
import { ThemeButton } from '../buttons/ThemeButton';

export function Header() {
  const { toggle } = useTheme();
  return (
    <header className="flex items-center gap-4 border-b border-border px-6 py-3">
      <Link to="/" id="brand" className="text-lg font-bold">Gallery</Link>
      <Link to="/collection" id="to-collection">Collection</Link>
      <Link to="/profile" id="to-profile">Profile</Link>
      <div className="ml-auto" id="theme"><ThemeButton onClick={toggle} /></div>
    </header>
  );
}
-- src/components/layout/Footer.tsx --
export const Footer = () => <footer id="footer" className="px-6 py-4 text-sm opacity-60">Runs on the Internet Computer</footer>;
-- src/components/layout/Layout.tsx --
import { Outlet } from 'react-router-dom';
import Counter from '../Counter';
import { Footer } from './Footer';
import { Header } from './Header';

export function Layout() {
  return (
    <div className="flex min-h-screen flex-col">
      <Header />
      <main className="container flex-1 py-6"><Outlet /></main>
      <Counter />
      <Footer />
    </div>
  );
}
-- src/components/items/ItemCard.tsx --
import { motion } from 'framer-motion';
import { Link } from 'react-router-dom';
import { toast } from 'sonner';
import { useFavourites } from '../../hooks/useFavourites';
import { formatPrice } from '../../lib/utils';
import type { Item } from '../../types';
import { FavouriteButton } from '../buttons/FavouriteButton';
import { ShareButton } from '../buttons/ShareButton';
import { Badge } from '../ui/Badge';
import { Card } from '../ui/Card';

export function ItemCard({ item }: { item: Item }) {
  const favourite = useFavourites((state) => state.ids.includes(item.id));
  const toggle = useFavourites((state) => state.toggle);
  return (
    <motion.div layout>
      <Card className={favourite ? 'favourite border-primary' : undefined}>
        <Link to={`/item/${item.id}`} className="name text-balance font-semibold">{item.name}</Link>
        <p className="price">{formatPrice(item.price)}</p>
        <div className="flex gap-1">{item.tags.map((tag) => <Badge key={tag}>{tag}</Badge>)}</div>
        <FavouriteButton onClick={() => toggle(item.id)} />
        <ShareButton onClick={() => toast(`Copied the address of ${item.name}`)} />
      </Card>
    </motion.div>
  );
}
-- src/components/items/ItemGrid.tsx --
import type { Item } from '../../types';
import { EmptyState } from '../ui/EmptyState';
import { ItemCard } from './ItemCard';

export function ItemGrid({ items }: { items: Item[] }) {
  if (items.length === 0) return <EmptyState title="Nothing here yet" />;
  return <div id="grid" className="grid grid-cols-2 gap-4">{items.map((item) => <ItemCard key={item.id} item={item} />)}</div>;
}
-- src/components/items/SortSelect.tsx --
import type { SortKey } from '../../types';

export function SortSelect({ value, onChange }: { value: SortKey; onChange: (key: SortKey) => void }) {
  return (
    <div className="flex gap-2">
      {(['name', 'price'] as const).map((key) => (
        <button key={key} id={`by-${key}`} aria-pressed={key === value} onClick={() => onChange(key)}>{key}</button>
      ))}
    </div>
  );
}
-- src/components/home/Hero.tsx --
export function Hero() {
  return (
    <section className="py-12 text-center">
      <h1 id="hero" className="text-4xl font-extrabold">Collect what moves you</h1>
    </section>
  );
}
-- src/components/home/Stats.tsx --
import { Bar, BarChart, XAxis } from 'recharts';
import type { Item } from '../../types';

export function Stats({ items }: { items: Item[] }) {
  return (
    <BarChart width={300} height={120} data={items}>
      <XAxis dataKey="name" />
      <Bar dataKey="price" fill="#7c3aed" isAnimationActive={false} />
    </BarChart>
  );
}
-- src/pages/HomePage.tsx --
import { Hero } from '../components/home/Hero';
import { Stats } from '../components/home/Stats';
import { ItemGrid } from '../components/items/ItemGrid';
import { Spinner } from '../components/ui/Spinner';
import { useItems } from '../hooks/useItems';

export function HomePage() {
  const { data, isLoading } = useItems();
  return (
    <>
      <Hero />
      {isLoading || !data ? <Spinner /> : <><Stats items={data} /><ItemGrid items={data.slice(0, 2)} /></>}
    </>
  );
}
-- src/pages/CollectionPage.tsx --
import { useState } from 'react';
import { ItemGrid } from '../components/items/ItemGrid';
import { SortSelect } from '../components/items/SortSelect';
import { useItems } from '../hooks/useItems';
import { useSorted } from '../hooks/useSorted';
import type { SortKey } from '../types';

export function CollectionPage() {
  const [key, setKey] = useState<SortKey>('name');
  const { data } = useItems();
  const sorted = useSorted(data ?? [], key);
  return <><SortSelect value={key} onChange={setKey} /><ItemGrid items={sorted} /></>;
}
-- src/pages/ItemPage.tsx --
import { useParams } from 'react-router-dom';
import { EmptyState } from '../components/ui/EmptyState';
import { useItems } from '../hooks/useItems';

export function ItemPage() {
  const { id } = useParams();
  const { data } = useItems();
  const item = data?.find((one) => one.id === Number(id));
  return item ? <h1 id="item">{item.name} of {item.owner}</h1> : <EmptyState title="No such item" />;
}
-- src/pages/ProfilePage.tsx --
import { Principal } from '@dfinity/principal';
import { useFavourites } from '../hooks/useFavourites';
import { marketplace } from '../services/actor';

export function ProfilePage() {
  const favourites = useFavourites((state) => state.ids.length);
  return (
    <dl>
      <dd id="principal">{Principal.anonymous().toText()}</dd>
      <dd id="favourites">{favourites} favourites</dd>
      <dd id="methods">{Object.keys(marketplace).join()}</dd>
    </dl>
  );
}
-- src/pages/NotFoundPage.tsx --
export const NotFoundPage = () => <h1 id="missing">404</h1>;
"""
)

_HEADING = """\
export const Heading = ({ text }: { text: string }) => (
  <h2 id="heading" className="pt-[9px]">{text}</h2>
);
"""

_OUTSIDE = bundle(
    r"""
-- dfx.json --
{ "canisters": { "marketplace": { "type": "motoko", "main": "src/backend/src/main.mo" } } }
-- mops.toml --
[dependencies]
base = "0.11.1"
-- project-spec.json --
{ "name": "NFT Marketplace" }
-- README.md --
# NFT Marketplace
-- src/backend/src/main.mo --
import Types "types";
actor { public query func list() : async [Types.Item] { [] } };
-- src/backend/src/types.mo --
module { public type Item = { id : Nat; name : Text; price : Nat } };
""",
    _PREFIX,
)

MARKETPLACE = Project(
    "studio-marketplace",
    "a whole application: pages, layouts, queries, a persisted store, a theme, charts, motion, icons, toasts, an actor",
    (
        *studio(
            _FRONTEND,
            "@dfinity/agent@^2.1.3",
            "@dfinity/candid@^2.1.3",
            "@dfinity/principal@^2.1.3",
            "@tanstack/react-query@^4.36.1",
            "clsx@^2.1.1",
            "framer-motion@^11.0.0",
            "lucide-react@^0.460.0",
            "react-router-dom@^6.26.0",
            "recharts@^2.12.0",
            "sonner@^1.5.0",
            "tailwind-merge@^2.5.0",
            "zustand@^4.5.5",
            prefix=_PREFIX,
        ),
        *_OUTSIDE.items(),
    ),
    [
        text("#hero", "Collect what moves you"),
        count(".card", 2),
        count(".recharts-bar-rectangle", 4),
        css(".card", "border-top-left-radius", "12px"),
        css(".badge", "background-color", "rgb(124, 59, 237)"),
    ],
    [
        Act("to the collection", click="#to-collection", expect=[count(".card", 4), text(".name", "Aurora")]),
        Act("by price", click="#by-price", expect=[text(".name", "Noon")]),
        Act("a favourite", click="[aria-label=Favourite]", expect=[count(".favourite", 1)]),
        Edit(
            "a card: the order and the favourite stay",
            {_SRC + "components/items/ItemCard.tsx": ("font-semibold", "font-semibold tracking-[3px]")},
            expect=[css(".name", "letter-spacing", "3px"), text(".name", "Noon"), count(".favourite", 1)],
        ),
        Edit(
            "a theme in custom properties",
            {_SRC + "styles.css": ("--radius: 12px", "--radius: 4px")},
            expect=[css(".card", "border-top-left-radius", "4px"), count(".favourite", 1)],
        ),
        Edit(
            "a new component that its importer does not use yet, and another page",
            {
                _SRC + "components/items/ItemGrid.tsx": (
                    "import { EmptyState } from '../ui/EmptyState';\n",
                    "import { EmptyState } from '../ui/EmptyState';\nimport { Heading } from '../ui/Heading';\n",
                ),
                _SRC + "pages/CollectionPage.tsx": (
                    "return <><SortSelect value={key} onChange={setKey} />",
                    "return <><SortSelect value={key} onChange={setKey} />{sorted.length} pieces",
                ),
            },
            {_SRC + "components/ui/Heading.tsx": _HEADING},
            expect=[text(".name", "Noon"), count(".favourite", 1)],
        ),
        Edit(
            "its use",
            {_SRC + "components/items/ItemGrid.tsx": ('<div id="grid"', '<><Heading text="All" /><div id="grid"')},
            expect=[text(".name", "Noon")],
            held=True,  # the fragment is not closed
        ),
        Edit(
            "the rest of its use",
            {_SRC + "components/items/ItemGrid.tsx": ("</div>;", "</div></>;")},
            expect=[text("#heading", "All"), css("#heading", "padding-top", "9px"), count(".favourite", 1)],
        ),
        Act("the profile", click="#to-profile", expect=[text("#favourites", "1 favourites"), text("#methods", "list")]),
        Act("dark", click="#theme button", expect=[attribute("html", "class", "dark")]),
        Act("a deep link", visit="/item/2", expect=[text("#item", "Aurora of 2vxsx-fae"), gone("#empty")]),
        Edit(
            "the data",
            {_SRC + "data/items.ts": ("'Aurora'", "'Borealis'")},
            expect=[contains("#brand", "Gallery")],
        ),
    ],
    counter="#count",
    cluster=True,
)

PROJECTS = (MARKETPLACE,)
