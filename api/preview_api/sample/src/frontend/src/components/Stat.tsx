import type { LucideIcon } from 'lucide-react';

interface StatProps {
  icon: LucideIcon;
  label: string;
  value: string;
  trend: number[];
}

export function Stat({ icon: Icon, label, value, trend }: StatProps) {
  const highest = Math.max(...trend);
  return (
    <article className="card">
      <div className="flex items-center gap-2 text-sm text-slate-400">
        <Icon className="h-4 w-4 text-glow-soft" aria-hidden />
        {label}
      </div>
      <p className="mt-3 text-3xl font-semibold">{value}</p>
      <div className="mt-4 flex h-10 items-end gap-1.5" aria-hidden>
        {trend.map((point, index) => (
          <span
            key={index}
            className="flex-1 rounded-sm bg-gradient-to-t from-glow/30 to-glow"
            style={{ height: `${(point / highest) * 100}%` }}
          />
        ))}
      </div>
    </article>
  );
}
