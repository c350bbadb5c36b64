import { Activity, Sparkles, Zap } from 'lucide-react';
import { Counter } from './components/Counter';
import { GreetingForm } from './components/GreetingForm';
import { Header } from './components/Header';
import { Stat } from './components/Stat';

const stats = [
  { icon: Zap, label: 'Edit to screen', value: '60 ms', trend: [4, 6, 5, 8, 7, 9, 11] },
  { icon: Activity, label: 'Sessions today', value: '1,284', trend: [3, 4, 4, 6, 8, 7, 10] },
  { icon: Sparkles, label: 'State kept', value: '100 %', trend: [9, 9, 10, 9, 10, 10, 10] },
];

export default function App() {
  return (
    <div className="mx-auto max-w-5xl px-6 py-10">
      <Header />
      <main>
        <section className="py-14">
          <p className="mb-4 inline-block rounded-full border border-glow/40 bg-glow/10 px-3 py-1 text-sm text-glow-soft">
            Live preview
          </p>
          <h1 id="headline" className="max-w-2xl text-5xl font-bold leading-tight tracking-tight">
            Change a file, watch it land.
          </h1>
          <p className="mt-5 max-w-xl text-lg text-slate-400">
            Count to something, type your name, then edit this text. The page follows, and what you did stays.
          </p>
        </section>
        <section className="grid gap-5 sm:grid-cols-3">
          {stats.map((stat) => (
            <Stat key={stat.label} {...stat} />
          ))}
        </section>
        <section className="mt-5 grid gap-5 md:grid-cols-2">
          <Counter />
          <GreetingForm />
        </section>
      </main>
      <footer className="py-12 text-center text-sm text-slate-500">Made with React, Tailwind and kontext-preview</footer>
    </div>
  );
}
