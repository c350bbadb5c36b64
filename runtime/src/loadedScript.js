/**
 * The script in every page that tells, once all of it has loaded, which messages it knows of.
 *
 * Vite's client has what a page needs: its `send` waits for the socket. Comparing when the socket opens is not enough,
 * because modules may still be on their way then (measured: 12 of 30 pages stale).
 */

/** The event that a page sends. */
export const LOADED = 'kontext-preview:loaded'

/** @param {string} generation number of the last message that was sent before the page was made */
export function loadedScript(generation) {
  return `import { createHotContext } from '/@vite/client'
const hot = createHotContext('/@kontext-preview/loaded')
let generation = ${generation}
hot.on('vite:beforeUpdate', () => { generation += 1 })
const report = () => hot.send('${LOADED}', { generation })
if (document.readyState === 'complete') report()
else addEventListener('load', report)
`
}
