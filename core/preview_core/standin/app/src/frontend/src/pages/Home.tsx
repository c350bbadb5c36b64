import { motion } from 'framer-motion';
import ErrorBoundary from '../components/ErrorBoundary';
import ItemList from '../components/ItemList';
import Stat from '../components/Stat';
import Trend from '../components/Trend';

const STATS = [
  { label: 'Users', value: 1280, change: 4 },
  { label: 'Orders', value: 312, change: -2 },
  { label: 'Revenue', value: 48210, change: 11 },
];

export default function Home() {
  return (
    <motion.div initial={{ opacity: 0 }} animate={{ opacity: 1 }} transition={{ duration: 0.2 }} className="space-y-6">
      <div className="rounded-2xl bg-gradient-to-r from-teal-600 to-indigo-600 p-8 text-white shadow-lg">
        <h1 className="text-2xl font-bold sm:text-3xl">Overview</h1>
        <p className="mt-1 max-w-prose text-sm text-white/80">Everything at a glance.</p>
      </div>
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {STATS.map((stat) => (
          <Stat key={stat.label} {...stat} />
        ))}
      </div>
      <ErrorBoundary>
        <div className="grid gap-4 lg:grid-cols-2">
          <Trend kind="area" />
          <ItemList title="Tasks" />
        </div>
      </ErrorBoundary>
    </motion.div>
  );
}
