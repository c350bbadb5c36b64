/**
 * The script in every page that tells, once all of it has loaded, which messages it knows of.
 *
 * Vite's client has what a page needs: its `send` waits for the socket. Comparing when the socket opens is not enough,
 * because modules may still be on their way then (measured: 12 of 30 pages stale). Nor is it enough to have received an
 * update: Vite's client drops one of a module that has not run yet, although its old code may be here and waiting for
 * another module. Such a one counts as missed. (`hmrClient` is Vite's own: without it every update counts as missed.)
 */

/** The event that a page sends. */
export const LOADED = 'kontext-preview:loaded'

/** @param {string} generation number of the last message that was sent before the page was made */
export function loadedScript(generation) {
  return `import { createHotContext } from '/@vite/client'
const hot = createHotContext('/@kontext-preview/loaded')
let generation = ${generation}
const runs = ({ path }) => hot.hmrClient?.hotModulesMap?.has(path)
hot.on('vite:beforeUpdate', ({ updates }) => { if (updates.every(runs)) generation += 1 })
const report = () => hot.send('${LOADED}', { generation })
if (document.readyState === 'complete') report()
else addEventListener('load', report)
`
}
