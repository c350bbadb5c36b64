/** What we change in Vite's own client, which runs in every page. A test of each tells when a new Vite says it differently. */

/** The end of its file's name. */
export const CLIENT = '/vite/dist/client/client.mjs'

/**
 * It waits for a restarted server in a SharedWorker, to ask once for all tabs. A browser that blocks third-party cookies
 * refuses the worker to a frame of another site with an event that the client does not listen to: the page would wait for
 * ever. Without a SharedWorker the client asks by itself.
 */
const WORKER = 'typeof SharedWorker === "undefined"'

/**
 * It looks here for what a module does with an update. A module that has just been replaced has nothing here until
 * plugin-react's promise has told it to accept, a moment after it ran. The client handles the next update in the same moment
 * if it came while the module was on its way: it would load the new code and render none of it, for ever.
 */
const CALLBACKS = 'const qualifiedCallbacks = mod.callbacks.filter('

/** One turn is enough but for a busy page; a module that accepts no more is not waited for longer than 45 ms in all. */
const TURNS = 10

const WAIT = `for (let turn = 0; turn < ${TURNS} && mod.callbacks.length === 0; turn += 1) await new Promise((done) => setTimeout(done, turn));
\t\t`

/**
 * A page whose socket is gone asks each second whether there is a server again, and only while it is shown; but it asks a
 * first time in any case. Of a suspended session that would be the sign that brings it back: a tab that nobody looks at
 * would do so each time.
 */
const FIRST_PING = 'if (await ping()) return;'

/** Vite puts the token here that it had when the server started; a warm runtime gets another one when a session takes it. */
const TOKEN = '__WS_TOKEN__'

/** @returns {import('vite').Plugin} */
export function clientPlugin() {
  /** @type {import('vite').ResolvedConfig} */
  let config
  return {
    name: 'kontext-preview:client',
    configResolved(resolved) { config = resolved },
    transform(code, id) {
      if (!id.endsWith(CLIENT)) return null
      const pinging = code.replace(FIRST_PING, `if (visibilityManager.currentState === "visible" && await ping()) return;`)
      const patient = pinging.replace(WORKER, 'true').replace(CALLBACKS, WAIT + CALLBACKS)
      return { code: patient.replace(TOKEN, JSON.stringify(config.webSocketToken)), map: null }
    },
  }
}
