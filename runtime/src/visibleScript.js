/**
 * The script in every page that tells whether it is shown. An open page keeps its session's pod, but a tab that somebody
 * has left behind does not do so for ever; and a machine that was closed or cut off says nothing any more, not even that.
 */

/** The event that a page sends. */
export const VISIBLE = 'kontext-preview:visible'

/** A page that is shown says so again after this time. */
export const AGAIN_MS = 30_000

/** Once the socket is gone there is nobody to tell, and Vite's client reloads the page when there is. */
export const visibleScript = `import { createHotContext } from '/@vite/client'
const hot = createHotContext('/@kontext-preview/visible')
const shown = () => document.visibilityState === 'visible'
const tell = () => hot.send('${VISIBLE}', { visible: shown() })
const again = setInterval(() => { if (shown()) tell() }, ${AGAIN_MS})
document.addEventListener('visibilitychange', tell)
hot.on('vite:ws:disconnect', () => {
  clearInterval(again)
  document.removeEventListener('visibilitychange', tell)
})
tell()
`
