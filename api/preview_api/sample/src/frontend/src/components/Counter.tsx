import clsx from 'clsx';
import { Minus, Plus } from 'lucide-react';
import { useState } from 'react';

export function Counter() {
  const [count, setCount] = useState(0);
  const button = 'grid h-12 w-12 place-items-center rounded-2xl transition active:scale-95';
  return (
    <article id="counter" className="card flex flex-col justify-between shadow-lift">
      <div>
        <h2 className="text-xl font-semibold">Counter</h2>
        <p className="mt-1 text-slate-400">Its state survives every edit of this file.</p>
      </div>
      <div className="mt-8 flex items-center justify-between">
        <button
          className={clsx(button, 'border border-ink-line hover:border-glow')}
          onClick={() => setCount(count - 1)}
          aria-label="One less"
        >
          <Minus />
        </button>
        <output className="text-6xl font-bold tabular-nums" data-testid="count">{count}</output>
        <button
          className={clsx(button, 'bg-glow hover:bg-glow-soft')}
          onClick={() => setCount(count + 1)}
          aria-label="One more"
        >
          <Plus />
        </button>
      </div>
    </article>
  );
}
