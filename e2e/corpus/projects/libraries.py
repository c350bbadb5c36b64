"""The libraries that generated projects reach for, each in the way they use it."""

from __future__ import annotations

from e2e.corpus.checks import attribute, contains, count, css, gone, text, true
from e2e.corpus.project import Act, Edit, Keeps, Project
from e2e.corpus.scaffold import COUNTER, STUDIO, studio

_SRC = STUDIO + "src/"

ZUSTAND = Project(
    "zustand-cart",
    "a store with immer outside React, selectors, currency formatting",
    studio(
        r"""
-- src/store/cart.ts --
import { create } from 'zustand';
import { immer } from 'zustand/middleware/immer';

interface Item { id: number; name: string; price: number; quantity: number }
interface CartState { items: Item[]; add: (id: number) => void; total: () => number }

export const useCart = create<CartState>()(
  immer((set, get) => ({
    items: [
      { id: 1, name: 'Keyboard', price: 89.5, quantity: 1 },
      { id: 2, name: 'Mouse', price: 39, quantity: 2 },
    ],
    add: (id) => set((state) => {
      const item = state.items.find((one) => one.id === id);
      if (item) item.quantity += 1;
    }),
    total: () => get().items.reduce((sum, item) => sum + item.price * item.quantity, 0),
  })),
);
-- src/utils/money.ts --
export const money = (value: number) => `$${value.toFixed(2)}`;
-- src/components/CartItem.tsx --
import { useCart } from '../store/cart';
import { money } from '../utils/money';

export function CartItem({ id }: { id: number }) {
  const item = useCart((state) => state.items.find((one) => one.id === id))!;
  const add = useCart((state) => state.add);
  return (
    <li className="item flex gap-2">
      <span>{item.name} × {item.quantity}</span>
      <span>{money(item.price)}</span>
      <button className="add" onClick={() => add(id)}>+</button>
    </li>
  );
}
-- src/App.tsx --
import { CartItem } from './components/CartItem';
import { useCart } from './store/cart';
import { money } from './utils/money';

export default function App() {
  const items = useCart((state) => state.items);
  const total = useCart((state) => state.total());
  return (
    <main className="p-6">
      <h1 id="title" className="text-3xl">Cart</h1>
      <ul>{items.map((item) => <CartItem key={item.id} id={item.id} />)}</ul>
      <strong id="total">{money(total)}</strong>
    </main>
  );
}
""",
        "zustand@^4",
        "immer",
    ),
    [count(".item", 2), text("#total", "$167.50")],
    [
        Act("one more keyboard", click=".add", expect=[text("#total", "$257.00")]),
        Edit(
            "a component; the store keeps its state",
            {_SRC + "App.tsx": (">Cart<", ">Your cart<")},
            expect=[text("#title", "Your cart"), text("#total", "$257.00")],
        ),
        Edit(
            "a helper",
            {_SRC + "utils/money.ts": ("`$${value.toFixed(2)}`", "`${value.toFixed(2)} €`")},
            expect=[text("#total", "257.00 €")],
        ),
    ],
)

QUERY = Project(
    "react-query",
    "queries and a mutation over a client that waits, loading states",
    studio(
        r"""
-- src/api/client.ts --
export interface User { id: number; name: string }
const users: User[] = [{ id: 1, name: 'Ada' }, { id: 2, name: 'Grace' }];
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function listUsers(): Promise<User[]> {
  await wait(20);
  return [...users];
}
export async function addUser(name: string): Promise<void> {
  await wait(20);
  users.push({ id: users.length + 1, name });
}
-- src/hooks/useUsers.ts --
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { addUser, listUsers } from '../api/client';

export function useUsers() {
  const client = useQueryClient();
  const users = useQuery({ queryKey: ['users'], queryFn: listUsers });
  const add = useMutation({
    mutationFn: addUser,
    onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }),
  });
  return { ...users, add };
}
-- src/components/UserList.tsx --
import { useUsers } from '../hooks/useUsers';

export default function UserList() {
  const { data, isLoading, add } = useUsers();
  if (isLoading) return <p id="loading">Loading…</p>;
  return (
    <div>
      <ul>{data?.map((user) => <li key={user.id} className="user">{user.name}</li>)}</ul>
      <button id="add" onClick={() => add.mutate('Linus')}>Add</button>
    </div>
  );
}
-- src/App.tsx --
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import UserList from './components/UserList';
import Counter from './Counter';

const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } } });

export default function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <UserList />
      <Counter />
    </QueryClientProvider>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER,
        "@tanstack/react-query@^4",
    ),
    [count(".user", 2)],
    [
        Act("a mutation", click="#add", expect=[count(".user", 3)]),
        Edit(
            "the list keeps its data",
            {_SRC + "components/UserList.tsx": ("{user.name}", "{user.id}. {user.name}")},
            expect=[text(".user", "1. Ada"), count(".user", 3)],
        ),
        Edit(
            "a class of a list item",
            {_SRC + "components/UserList.tsx": ('className="user"', 'className="user pl-[9px]"')},
            expect=[css(".user", "padding-left", "9px")],
        ),
    ],
    counter="#count",
)

ROUTER = Project(
    "router-nested",
    "BrowserRouter, a layout with an outlet, parameters, deep links, not found",
    studio(
        r"""
-- src/layouts/MainLayout.tsx --
import { NavLink, Outlet } from 'react-router-dom';
import Counter from '../components/Counter';

export default function MainLayout() {
  return (
    <div className="flex">
      <nav className="w-48 border-r p-4">
        <NavLink id="to-home" to="/">Home</NavLink>
        <NavLink id="to-projects" to="/projects">Projects</NavLink>
        <Counter />
      </nav>
      <main className="p-4"><Outlet /></main>
    </div>
  );
}
-- src/pages/Home.tsx --
export default function Home() {
  return <h1 id="page">Home</h1>;
}
-- src/pages/projects/ProjectList.tsx --
import { Link } from 'react-router-dom';

const projects = ['alpha', 'beta'];

export default function ProjectList() {
  return (
    <section>
      <h1 id="page">Projects</h1>
      {projects.map((name) => <Link key={name} className="project" to={`/projects/${name}`}>{name}</Link>)}
    </section>
  );
}
-- src/pages/projects/ProjectDetail.tsx --
import { useParams, useSearchParams } from 'react-router-dom';

export default function ProjectDetail() {
  const { name } = useParams();
  const [search] = useSearchParams();
  return <h1 id="page">Project {name} {search.get('tab') ?? 'overview'}</h1>;
}
-- src/pages/NotFound.tsx --
export default function NotFound() {
  return <h1 id="page">Nothing here</h1>;
}
-- src/App.tsx --
import { BrowserRouter, Route, Routes } from 'react-router-dom';
import MainLayout from './layouts/MainLayout';
import Home from './pages/Home';
import NotFound from './pages/NotFound';
import ProjectDetail from './pages/projects/ProjectDetail';
import ProjectList from './pages/projects/ProjectList';

export default function App() {
  return (
    <BrowserRouter>
      <Routes>
        <Route path="/" element={<MainLayout />}>
          <Route index element={<Home />} />
          <Route path="projects">
            <Route index element={<ProjectList />} />
            <Route path=":name" element={<ProjectDetail />} />
          </Route>
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </BrowserRouter>
  );
}
-- src/components/Counter.tsx --
"""
        + COUNTER,
        "react-router-dom@^6",
    ),
    [text("#page", "Home")],
    [
        Act("a link", click="#to-projects", expect=[text("#page", "Projects"), count(".project", 2)]),
        Edit(
            "the page that is shown",
            {_SRC + "pages/projects/ProjectList.tsx": ("['alpha', 'beta']", "['alpha', 'beta', 'gamma']")},
            expect=[count(".project", 3), text("#page", "Projects")],
        ),
        Act("a deep link", visit="/projects/beta?tab=files", expect=[text("#page", "Project beta files")]),
        Edit(
            "the page behind the deep link",
            {_SRC + "pages/projects/ProjectDetail.tsx": ("Project {name}", "Project: {name}")},
            expect=[text("#page", "Project: beta files")],
        ),
        Act("a path with a dot", visit="/no/such.page", expect=[text("#page", "Nothing here")]),
        Edit(
            "a page that is not shown",
            {_SRC + "pages/Home.tsx": (">Home<", ">Start<")},
            expect=[text("#page", "Nothing here")],
        ),
        Act("back home", click="#to-home", expect=[text("#page", "Start")]),
    ],
    counter="#count",
    cluster=True,
)

CHARTS = Project(
    "dashboard-charts",
    "recharts, framer-motion, lucide icons, a theme with a plugin function",
    studio(
        r"""
-- tailwind.config.js --
const plugin = require('tailwindcss/plugin');

/** @type {import('tailwindcss').Config} */
module.exports = {
  darkMode: 'class',
  content: ['./index.html', './src/**/*.{js,ts,jsx,tsx}'],
  theme: {
    extend: {
      colors: { surface: 'hsl(var(--surface) / <alpha-value>)' },
      keyframes: { rise: { from: { opacity: '0' }, to: { opacity: '1' } } },
      animation: { rise: 'rise 10ms ease-out' },
    },
  },
  plugins: [
    plugin(({ addUtilities, addComponents, theme }) => {
      addUtilities({ '.no-bar': { 'scrollbar-width': 'none' } });
      addComponents({ '.tile': { padding: theme('spacing.5'), 'border-radius': theme('borderRadius.xl') } });
    }),
  ],
};
-- src/styles.css --
@tailwind base;
@tailwind components;
@tailwind utilities;

@layer base {
  :root { --surface: 210 40% 98%; }
}
@layer components {
  .panel { @apply rounded-lg border border-slate-200 p-3; }
}
-- src/data/revenue.ts --
export const revenue = [
  { month: 'Jan', value: 4000 }, { month: 'Feb', value: 3000 }, { month: 'Mar', value: 5200 }, { month: 'Apr', value: 4780 },
];
-- src/components/RevenueChart.tsx --
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts';
import { revenue } from '../data/revenue';

export default function RevenueChart() {
  return (
    <BarChart width={420} height={200} data={revenue}>
      <CartesianGrid strokeDasharray="3 3" />
      <XAxis dataKey="month" />
      <YAxis />
      <Tooltip />
      <Bar dataKey="value" fill="#6366f1" isAnimationActive={false} />
    </BarChart>
  );
}
-- src/components/Tile.tsx --
import { motion } from 'framer-motion';
import type { LucideIcon } from 'lucide-react';

interface Props { icon: LucideIcon; label: string; value: string }

export default function Tile({ icon: Icon, label, value }: Props) {
  return (
    <motion.div className="tile bg-surface" initial={{ opacity: 0 }} animate={{ opacity: 1 }} transition={{ duration: 0.01 }}>
      <Icon className="h-5 w-5" aria-hidden />
      <span>{label}</span>
      <strong>{value}</strong>
    </motion.div>
  );
}
-- src/App.tsx --
import { Activity, DollarSign, Users } from 'lucide-react';
import Counter from './Counter';
import RevenueChart from './components/RevenueChart';
import Tile from './components/Tile';

export default function App() {
  return (
    <div className="panel no-bar space-y-4">
      <div className="grid grid-cols-3 gap-4">
        <Tile icon={Users} label="Users" value="1,204" />
        <Tile icon={DollarSign} label="Revenue" value="$16,980" />
        <Tile icon={Activity} label="Uptime" value="99.98%" />
      </div>
      <RevenueChart />
      <Counter />
    </div>
  );
}
-- src/Counter.tsx --
"""
        + COUNTER,
        "framer-motion",
        "lucide-react",
        "recharts",
    ),
    [
        count(".tile svg.lucide", 3),
        css(".tile", "padding-top", "20px"),
        css(".tile", "opacity", "1"),
        css(".panel", "scrollbar-width", "none"),
        count(".recharts-bar-rectangle", 4),
    ],
    [
        Edit(
            "data of the chart",
            {_SRC + "data/revenue.ts": ("{ month: 'Apr'", "{ month: 'May', value: 100 }, { month: 'Apr'")},
            expect=[count(".recharts-bar-rectangle", 5)],
        ),
        Edit(
            "another icon",
            {_SRC + "App.tsx": ("Activity, DollarSign, Users }", "Server as Activity, DollarSign, Users }")},
            expect=[count("svg.lucide-server", 1)],
        ),
        Edit(
            "the plugin of the theme",
            {STUDIO + "tailwind.config.js": ("spacing.5", "spacing.7")},
            expect=[css(".tile", "padding-top", "28px")],
        ),
        Edit(
            "an @apply",
            {_SRC + "styles.css": ("p-3;", "p-[17px];")},
            expect=[css(".panel", "padding-top", "17px")],
        ),
    ],
    counter="#count",
    cluster=True,
)

RADIX = Project(
    "radix-shadcn",
    "shadcn-like components over Radix: dialog, tabs, select, label, slot, cva",
    studio(
        r"""
-- src/lib/utils.ts --
import { clsx, type ClassValue } from 'clsx';
import { twMerge } from 'tailwind-merge';

export function cn(...inputs: ClassValue[]) {
  return twMerge(clsx(inputs));
}
-- src/components/ui/button.tsx --
import * as React from 'react';
import { Slot } from '@radix-ui/react-slot';
import { cva, type VariantProps } from 'class-variance-authority';
import { cn } from '@/lib/utils';

const buttonVariants = cva('inline-flex items-center rounded-md text-sm', {
  variants: {
    variant: { default: 'bg-indigo-600 text-white', outline: 'border border-slate-300' },
    size: { default: 'h-9 px-4', sm: 'h-8 px-3' },
  },
  defaultVariants: { variant: 'default', size: 'default' },
});

export interface ButtonProps
  extends React.ButtonHTMLAttributes<HTMLButtonElement>, VariantProps<typeof buttonVariants> {
  asChild?: boolean;
}

const Button = React.forwardRef<HTMLButtonElement, ButtonProps>(
  ({ className, variant, size, asChild = false, ...props }, ref) => {
    const Comp = asChild ? Slot : 'button';
    return <Comp className={cn(buttonVariants({ variant, size, className }))} ref={ref} {...props} />;
  },
);
Button.displayName = 'Button';

export { Button, buttonVariants };
-- src/components/ui/dialog.tsx --
import * as React from 'react';
import * as DialogPrimitive from '@radix-ui/react-dialog';
import { cn } from '@/lib/utils';

const Dialog = DialogPrimitive.Root;
const DialogTrigger = DialogPrimitive.Trigger;
const DialogTitle = DialogPrimitive.Title;
const DialogDescription = DialogPrimitive.Description;

const DialogContent = React.forwardRef<
  React.ElementRef<typeof DialogPrimitive.Content>,
  React.ComponentPropsWithoutRef<typeof DialogPrimitive.Content>
>(({ className, children, ...props }, ref) => (
  <DialogPrimitive.Portal>
    <DialogPrimitive.Overlay className="fixed inset-0 bg-black/50" />
    <DialogPrimitive.Content ref={ref} className={cn('fixed left-1/2 top-1/2 bg-white p-6', className)} {...props}>
      {children}
      <DialogPrimitive.Close id="close">Close</DialogPrimitive.Close>
    </DialogPrimitive.Content>
  </DialogPrimitive.Portal>
));
DialogContent.displayName = DialogPrimitive.Content.displayName;

export { Dialog, DialogContent, DialogDescription, DialogTitle, DialogTrigger };
-- src/components/ui/tabs.tsx --
import * as TabsPrimitive from '@radix-ui/react-tabs';

export const Tabs = TabsPrimitive.Root;
export const TabsList = TabsPrimitive.List;
export const TabsTrigger = TabsPrimitive.Trigger;
export const TabsContent = TabsPrimitive.Content;
-- src/components/ui/select.tsx --
import * as SelectPrimitive from '@radix-ui/react-select';

export function Select({ value, onChange, options }: { value: string; onChange: (v: string) => void; options: string[] }) {
  return (
    <SelectPrimitive.Root value={value} onValueChange={onChange}>
      <SelectPrimitive.Trigger id="select" className="rounded border px-2"><SelectPrimitive.Value /></SelectPrimitive.Trigger>
      <SelectPrimitive.Portal>
        <SelectPrimitive.Content>
          <SelectPrimitive.Viewport>
            {options.map((option) => (
              <SelectPrimitive.Item key={option} value={option} className="option">
                <SelectPrimitive.ItemText>{option}</SelectPrimitive.ItemText>
              </SelectPrimitive.Item>
            ))}
          </SelectPrimitive.Viewport>
        </SelectPrimitive.Content>
      </SelectPrimitive.Portal>
    </SelectPrimitive.Root>
  );
}
-- src/components/ui/label.tsx --
import * as LabelPrimitive from '@radix-ui/react-label';

export const Label = (props: React.ComponentProps<typeof LabelPrimitive.Root>) => (
  <LabelPrimitive.Root className="text-sm font-medium" {...props} />
);
-- src/components/SettingsDialog.tsx --
import { Button } from './ui/button';
import { Dialog, DialogContent, DialogDescription, DialogTitle, DialogTrigger } from './ui/dialog';

export default function SettingsDialog() {
  return (
    <Dialog>
      <DialogTrigger asChild><Button id="open" variant="outline">Settings</Button></DialogTrigger>
      <DialogContent id="dialog">
        <DialogTitle>Settings</DialogTitle>
        <DialogDescription id="description">Change how it looks.</DialogDescription>
      </DialogContent>
    </Dialog>
  );
}
-- src/App.tsx --
import { useState } from 'react';
import SettingsDialog from './components/SettingsDialog';
import { Label } from './components/ui/label';
import { Select } from './components/ui/select';
import { Tabs, TabsContent, TabsList, TabsTrigger } from './components/ui/tabs';

export default function App() {
  const [plan, setPlan] = useState('Free');
  return (
    <div className="space-y-4 p-6">
      <Tabs defaultValue="account">
        <TabsList>
          <TabsTrigger value="account">Account</TabsTrigger>
          <TabsTrigger id="billing" value="billing">Billing</TabsTrigger>
        </TabsList>
        <TabsContent value="account"><SettingsDialog /></TabsContent>
        <TabsContent value="billing" id="bill">
          <Label htmlFor="select">Plan</Label>
          <Select value={plan} onChange={setPlan} options={['Free', 'Pro', 'Team']} />
        </TabsContent>
      </Tabs>
    </div>
  );
}
""",
        "@radix-ui/react-dialog",
        "@radix-ui/react-label",
        "@radix-ui/react-select",
        "@radix-ui/react-slot",
        "@radix-ui/react-tabs",
        "class-variance-authority",
        "clsx",
        "tailwind-merge",
    ),
    [text("#open", "Settings"), gone("#dialog"), css("#open", "height", "36px")],
    [
        Act("open the dialog", click="#open", expect=[text("#description", "Change how it looks.")]),
        Edit(
            "its text while it is open",
            {_SRC + "components/SettingsDialog.tsx": ("how it looks", "everything")},
            expect=[text("#description", "Change everything.")],
        ),
        Act("close it", click="#close", expect=[gone("#dialog")]),
        Edit(
            "the variants of the button",
            {_SRC + "components/ui/button.tsx": ("h-9 px-4", "h-[41px] px-4")},
            expect=[css("#open", "height", "41px")],
            keeps=Keeps.NOTHING,  # the file exports a function beside its component: Fast Refresh cannot take it
        ),
        Act("another tab", click="#billing", expect=[text("#select", "Free")]),
        Act("the list of the select", click="#select", expect=[count(".option", 3)]),
    ],
)

FORM = Project(
    "form-zod",
    "react-hook-form with rules from a zod schema, messages at the fields",
    studio(
        r"""
-- src/schema.ts --
import { z } from 'zod';

export const signUp = z.object({
  email: z.string().email('That is no address'),
  age: z.coerce.number().min(18, 'You must be an adult'),
});
export type SignUp = z.infer<typeof signUp>;
-- src/components/SignUpForm.tsx --
import { useForm, type Resolver } from 'react-hook-form';
import { signUp, type SignUp } from '../schema';

const resolver: Resolver<SignUp> = async (values) => {
  const parsed = signUp.safeParse(values);
  if (parsed.success) return { values: parsed.data, errors: {} };
  const errors = Object.fromEntries(
    parsed.error.issues.map((issue) => [issue.path[0], { type: issue.code, message: issue.message }]),
  );
  return { values: {}, errors };
};

export default function SignUpForm({ onDone }: { onDone: (values: SignUp) => void }) {
  const { register, handleSubmit, formState: { errors } } = useForm<SignUp>({ resolver });
  return (
    <form onSubmit={handleSubmit(onDone)} noValidate className="space-y-2">
      <input id="email" placeholder="you@example.org" {...register('email')} />
      {errors.email && <p id="email-error" className="text-red-600">{errors.email.message}</p>}
      <input id="age" type="number" {...register('age')} />
      {errors.age && <p id="age-error" className="text-red-600">{errors.age.message}</p>}
      <button id="submit" type="submit">Sign up</button>
    </form>
  );
}
-- src/App.tsx --
import { useState } from 'react';
import SignUpForm from './components/SignUpForm';
import type { SignUp } from './schema';

export default function App() {
  const [done, setDone] = useState<SignUp | null>(null);
  return done ? <p id="done">Welcome {done.email}, {done.age + 1} next year</p> : <SignUpForm onDone={setDone} />;
}
""",
        "react-hook-form",
        "zod",
    ),
    [attribute("#email", "placeholder", "you@example.org")],
    [
        Act("an address", fill=("#email", "nobody")),
        Act("sent", click="#submit", expect=[text("#email-error", "That is no address")]),
        Edit(
            "a placeholder keeps what was typed",
            {_SRC + "components/SignUpForm.tsx": ("you@example.org", "name@example.org")},
            expect=[attribute("#email", "placeholder", "name@example.org"), true("email.value === 'nobody'")],
        ),
        Act("a better address", fill=("#email", "ada@example.org")),
        Act("an age", fill=("#age", "36")),
        Act("sent again", click="#submit", expect=[contains("#done", "Welcome ada@example.org, 37")]),
    ],
)

TOASTS = Project(
    "toasts-dates",
    "sonner in a portal, date-fns with a locale, axios imported and not called",
    studio(
        r"""
-- src/lib/api.ts --
import axios from 'axios';

export const api = axios.create({ baseURL: '/api', timeout: 5000 });
-- src/components/DueDate.tsx --
import { addDays, format, formatDistanceStrict } from 'date-fns';
import { de } from 'date-fns/locale';

const start = new Date(2024, 2, 14);

export default function DueDate({ days }: { days: number }) {
  const due = addDays(start, days);
  return (
    <p>
      <time id="due">{format(due, 'EEEE, d. MMMM yyyy', { locale: de })}</time>
      <span id="distance">{formatDistanceStrict(due, start)}</span>
    </p>
  );
}
-- src/App.tsx --
import { Toaster, toast } from 'sonner';
import DueDate from './components/DueDate';
import { api } from './lib/api';

export default function App() {
  return (
    <main>
      <Toaster position="top-right" />
      <DueDate days={10} />
      <button id="save" onClick={() => toast.success('Saved to ' + api.defaults.baseURL)}>Save</button>
    </main>
  );
}
""",
        "axios",
        "date-fns",
        "sonner",
    ),
    [text("#due", "Sonntag, 24. März 2024"), text("#distance", "10 days")],
    [
        Act("a toast", click="#save", expect=[contains("[data-sonner-toast]", "Saved to /api")]),
        Edit(
            "a number in a property",
            {_SRC + "App.tsx": ("days={10}", "days={17}")},
            expect=[text("#due", "Sonntag, 31. März 2024"), text("#distance", "17 days")],
        ),
        Edit(
            "another locale",
            {_SRC + "components/DueDate.tsx": ("import { de } from", "import { fr as de } from")},
            expect=[text("#due", "dimanche, 31. mars 2024")],
        ),
    ],
)

PROJECTS = (ZUSTAND, QUERY, ROUTER, CHARTS, RADIX, FORM, TOASTS)
