/**
 * Packages that a page may evaluate while its project is still being compiled. Otherwise the browser waits, and then does
 * all of it at once, in the user's sight (measured: a third of the time from the page's end to its first paint).
 *
 * Modules that a page imports are evaluated in an order that the project chose: a package that reads a global of the
 * project's own (`window.Buffer` for a crypto package) must come after what sets it. So only those that ask nothing of the
 * page at that time, and that change nothing in it.
 */
import { packageOf } from './packages/names.js'

export const PACKAGES = new Set([
  '@radix-ui/react-dialog', '@radix-ui/react-label', '@radix-ui/react-select', '@radix-ui/react-slot', '@radix-ui/react-tabs',
  '@tanstack/react-query', 'class-variance-authority', 'clsx', 'date-fns', 'framer-motion', 'immer', 'lucide-react', 'react',
  'react-dom', 'react-hook-form', 'react-router-dom', 'recharts', 'tailwind-merge', 'zod', 'zustand',
])

/** @param {Iterable<string>} ids packages as imported @returns {string[]} those that may be evaluated early */
export const early = (ids) => [...ids].filter((id) => PACKAGES.has(packageOf(id) ?? ''))

/**
 * Not a module: those run at the page's end. React looks for Fast Refresh once, when it is evaluated; Fast
 * Refresh comes with the page's own preamble, and finds a React that was there before in `renderers`, as it does with the
 * developer tools' hook. It cannot be loaded here: it imports Vite's client, which must not run before the page is known.
 * What cannot be evaluated here is told by the module that imports it.
 * @param {string[]} urls of modules
 */
export function earlyScript(urls) {
  if (urls.length === 0) return ''
  return `<script>{
  const renderers = new Map()
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ ??= {
    renderers,
    supportsFiber: true,
    inject: (renderer) => renderers.set(renderers.size, renderer).size - 1,
    onScheduleFiberRoot() {},
    onCommitFiberRoot() {},
    onCommitFiberUnmount() {},
  }
  for (const url of ${JSON.stringify(urls)}) import(url).catch(() => {})
}</script>
`
}
