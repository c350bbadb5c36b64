import type { ReactNode } from 'react';
import { ArrowDownRight, ArrowUpRight } from 'lucide-react';

interface StatProps {
  label: string;
  value: number;
  change?: number;
  children?: ReactNode;
}

export default function Stat({ label, value, change = 0, children }: StatProps) {
  const Arrow = change < 0 ? ArrowDownRight : ArrowUpRight;
  return (
    <article className="card flex flex-col gap-1">
      <p className="text-xs uppercase tracking-wide text-slate-500">{label}</p>
      <p className="text-3xl font-bold leading-none">{value.toLocaleString()}</p>
      <p className={`mt-2 flex items-center gap-1 text-sm ${change < 0 ? 'text-rose-600' : 'text-emerald-600'}`}>
        <Arrow size={14} /> {Math.abs(change)}%
      </p>
      {children}
    </article>
  );
}
