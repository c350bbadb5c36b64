import { Area, AreaChart, Bar, BarChart, CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';

const data = Array.from({ length: 12 }, (_, month) => ({ month, sales: (month * 7919) % 101, costs: (month * 104729) % 89 }));

export default function Trend({ kind = 'line' }: { kind?: 'line' | 'bar' | 'area' }) {
  return (
    <figure className="card h-64 overflow-hidden">
      <figcaption className="mb-2 text-sm font-medium text-slate-500">Trend</figcaption>
      <ResponsiveContainer width="100%" height="90%">
        {kind === 'bar' ? (
          <BarChart data={data}>
            <Bar dataKey="sales" fill="#0f766e" />
          </BarChart>
        ) : kind === 'area' ? (
          <AreaChart data={data}>
            <Area dataKey="costs" fill="#99f6e4" stroke="#0f766e" />
          </AreaChart>
        ) : (
          <LineChart data={data}>
            <CartesianGrid strokeDasharray="3 3" />
            <XAxis dataKey="month" />
            <YAxis hide />
            <Tooltip />
            <Legend />
            <Line type="monotone" dataKey="sales" stroke="#0f766e" dot={false} />
          </LineChart>
        )}
      </ResponsiveContainer>
    </figure>
  );
}
