import { useState } from 'react';
import { signIn, type Account } from '../lib/canister';

export default function Settings() {
  const [account, setAccount] = useState<Account | null>(null);
  const [theme, setTheme] = useState<'light' | 'dark'>('light');
  return (
    <section className="card frame mx-auto max-w-md space-y-3">
      <h2 className="text-lg font-semibold">Settings</h2>
      <select value={theme} onChange={(event) => setTheme(event.target.value as 'light' | 'dark')} className="rounded border p-1 text-sm">
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
      <button type="button" className="button w-full justify-center" onClick={async () => setAccount(await signIn('https://icp-api.io'))}>
        {account ? `${account.principal.slice(0, 5)}… at ${account.host}` : 'Sign in'}
      </button>
    </section>
  );
}
