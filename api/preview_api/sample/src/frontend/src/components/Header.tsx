export function Header() {
  return (
    <header className="flex items-center justify-between">
      <a href="#headline" className="flex items-center gap-3 text-lg font-semibold">
        <span className="grid h-9 w-9 place-items-center rounded-xl bg-gradient-to-br from-glow to-mint text-ink">M</span>
        Meridian
      </a>
      <nav className="hidden gap-8 text-sm text-slate-400 sm:flex">
        <a className="transition hover:text-white" href="#counter">Counter</a>
        <a className="transition hover:text-white" href="#greeting">Greeting</a>
      </nav>
    </header>
  );
}
