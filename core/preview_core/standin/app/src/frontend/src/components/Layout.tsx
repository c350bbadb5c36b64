import { Home, Menu, Settings as Cog, X } from 'lucide-react';
import { useState } from 'react';
import { NavLink, Outlet } from 'react-router-dom';
import { cn } from '../lib/cn';

const LINKS = [
  { to: '/', label: 'Home', icon: Home },
  { to: '/settings', label: 'Settings', icon: Cog },
];

export default function Layout() {
  const [open, setOpen] = useState(false);
  return (
    <div className="flex min-h-screen flex-col bg-slate-50 text-slate-900 antialiased md:flex-row">
      <header className="sticky top-0 z-10 flex items-center justify-between border-b border-slate-200 bg-white/80 px-6 py-3 backdrop-blur md:hidden">
        <h1 className="text-xl font-semibold tracking-tight">Stand-in</h1>
        <button type="button" aria-label="Menu" className="rounded p-2 hover:bg-slate-100" onClick={() => setOpen(!open)}>
          {open ? <X size={18} /> : <Menu size={18} />}
        </button>
      </header>
      <nav className={cn('w-56 shrink-0 flex-col gap-1 border-r border-slate-200 p-4', open ? 'flex' : 'hidden md:flex')}>
        {LINKS.map(({ to, label, icon: Icon }) => (
          <NavLink
            key={to}
            to={to}
            className={({ isActive }) => cn('flex items-center gap-3 rounded-lg px-3 py-2 text-sm transition-colors', isActive ? 'bg-slate-900 text-white' : 'text-slate-600 hover:bg-slate-100')}
          >
            <Icon className="h-4 w-4" aria-hidden /> {label}
          </NavLink>
        ))}
      </nav>
      <main className="mx-auto w-full max-w-6xl flex-1 p-6 lg:p-10">
        <Outlet />
      </main>
    </div>
  );
}
