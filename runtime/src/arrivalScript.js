/**
 * The scripts that fetch a page again of which only a part has arrived, because the process that served it ended.
 *
 * Everything else that mends a page is Vite's client: without it a page stays as it is. Chromium tells a page nothing of
 * its own answer that broke off (measured: it stays in `loading`, no event comes, `responseEnd` stays 0), so its beginning
 * looks by the clock.
 */

/** The rest of a page comes 2 s after its beginning at the latest, unless the compiler leaves nobody else a turn. */
const REST_MS = 3_000
const AGAIN_MS = 1_000
/** Five minutes: a session that does not come back in them is over. */
const TRIES = 300

/**
 * Another request for the page is held as long as the first one is: with its answer the first one's has come, or never
 * will. `GRACE_MS` is for a proxy that delivers the two in another order.
 */
const GRACE_MS = 250

/**
 * Calls `location.reload` once the page is served, unless `arrived` says that it is there meanwhile.
 */
const fetchAgain = `const fetchAgain = async (arrived, wait) => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const page = async () => {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' })
      await answer.text()
      return answer.ok
    }
    await pause(wait)
    for (let tries = ${TRIES}; tries > 0 && !arrived(); tries -= 1) {
      if (await page().catch(() => false)) {
        await pause(${GRACE_MS})
        return arrived() || location.reload()
      }
      await pause(${AGAIN_MS})
    }
  }`

/** For the beginning of a page. What follows it has Vite's client in it, or reloads by itself. */
export const restScript = `<script>(() => {
  ${fetchAgain}
  const rest = 'script[src="/@vite/client"], meta[http-equiv="refresh"]'
  fetchAgain(() => document.querySelector(rest) !== null, ${REST_MS})
})()</script>
`

/** For the head of a page, before Vite's client. */
export const clientScript = `(() => {
  ${fetchAgain}
  addEventListener('error', ({ target }) => {
    if (target instanceof HTMLScriptElement && target.getAttribute('src') === '/@vite/client') fetchAgain(() => false, ${AGAIN_MS})
  }, true)
})()
`
