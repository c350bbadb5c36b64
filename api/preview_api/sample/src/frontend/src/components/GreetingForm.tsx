import { useState } from 'react';

export function GreetingForm() {
  const [name, setName] = useState('');
  const [sent, setSent] = useState<string | null>(null);
  return (
    <article id="greeting" className="card">
      <h2 className="text-xl font-semibold">Greeting</h2>
      <p className="mt-1 text-slate-400">What you type stays while the page changes around it.</p>
      <form
        className="mt-6 space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          setSent(name.trim() || 'stranger');
        }}
      >
        <label className="block text-sm text-slate-300">
          Your name
          <input
            className="mt-2 w-full rounded-2xl border border-ink-line bg-ink px-4 py-3 text-base text-white outline-none transition placeholder:text-slate-600 focus:border-glow"
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Ada Lovelace"
          />
        </label>
        <button className="w-full rounded-2xl bg-mint px-4 py-3 font-semibold text-ink transition hover:brightness-110">
          Say hello
        </button>
      </form>
      {sent && <p className="mt-4 text-center text-mint" role="status">Hello, {sent}!</p>}
    </article>
  );
}
