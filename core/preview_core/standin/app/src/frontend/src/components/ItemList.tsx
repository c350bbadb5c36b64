import { AnimatePresence, motion } from 'framer-motion';
import { Check, Loader2, Plus, Search, Trash2 } from 'lucide-react';
import { useCallback, useState, type FormEvent } from 'react';
import { toast } from 'sonner';
import { useItems, useStore, type Item } from '../hooks/useItems';
import { cn } from '../lib/cn';

interface Props {
  title: string;
  limit?: number;
}

function Row({ item, onToggle }: { item: Item; onToggle: (id: number) => void }) {
  return (
    <motion.li layout initial={{ opacity: 0, y: 8 }} animate={{ opacity: 1, y: 0 }} exit={{ opacity: 0 }} className="flex items-center justify-between gap-4 py-2">
      <button type="button" className={cn('flex items-center gap-2 text-left text-sm', item.done && 'text-slate-400 line-through')} onClick={() => onToggle(item.id)}>
        <Check className={cn('h-4 w-4', item.done ? 'text-emerald-600' : 'text-slate-300')} />
        {item.title}
      </button>
      <Trash2 className="h-4 w-4 cursor-pointer text-rose-500 opacity-60 transition hover:scale-110 hover:opacity-100" />
    </motion.li>
  );
}

export default function ItemList({ title, limit = 20 }: Props) {
  const [query, setQuery] = useState('');
  const [draft, setDraft] = useState('');
  const { shown, total, isLoading } = useItems(query);
  const { add, toggle } = useStore();
  const submit = useCallback(
    (event: FormEvent) => {
      event.preventDefault();
      if (!draft.trim()) return;
      add(draft.trim());
      setDraft('');
      toast.success(`Added ${draft}`);
    },
    [add, draft],
  );
  return (
    <section className="card space-y-4">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <h2 className="text-lg font-semibold text-slate-800">{title}</h2>
        <span className="rounded-full bg-slate-100 px-2.5 py-0.5 text-xs font-medium tabular-nums text-slate-600">{total}</span>
      </div>
      <label className="relative block">
        <Search className="absolute left-3 top-1/2 h-4 w-4 -translate-y-1/2 text-slate-400" />
        <input
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          placeholder="Search"
          className="w-full rounded-md border border-slate-300 py-2 pl-9 pr-3 text-sm shadow-inner focus:border-accent focus:outline-none focus:ring-2 focus:ring-accent/30"
        />
      </label>
      {isLoading ? (
        <Loader2 className="mx-auto h-5 w-5 animate-spin text-slate-400" />
      ) : (
        <ul className="divide-y divide-slate-100">
          <AnimatePresence>
            {shown.slice(0, limit).map((item) => (
              <Row key={item.id} item={item} onToggle={toggle} />
            ))}
          </AnimatePresence>
        </ul>
      )}
      <form onSubmit={submit} className="flex gap-2">
        <input value={draft} onChange={(event) => setDraft(event.target.value)} className="min-w-0 flex-1 rounded-md border px-3 py-2 text-sm" />
        <button type="submit" className="button" disabled={!draft}>
          <Plus size={16} /> Add
        </button>
      </form>
    </section>
  );
}
