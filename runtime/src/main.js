/**
 * The process of one session. Two ports: the preview (HTTP, sockets) and the control API.
 * Prints one JSON line `{"event":"listening","controlPort","previewPort"}` on stdout; logs are on stderr.
 */
import { once } from 'node:events'
import { Control } from './control.js'
import { errorPayload } from './diagnostics.js'
import { log, mute } from './log.js'
import { reachable } from './loopback.js'
import { preload } from './preload.js'
import { hostCheck, Preview } from './preview.js'
import { Session } from './session.js'
import { prepare } from './sessionFolder.js'
import { takeSettings } from './settings.js'
import { Sockets } from './sockets.js'
import { orEnd } from './startFailure.js'

/** A batch that still compiles gets this long: the whole end stays below a second. */
const GRACE_MS = 500

const { KP_TERMINATION_LOG: terminationLog } = process.env
const settings = await orEnd(terminationLog, () => takeSettings(process.env))
const hostAllowed = hostCheck(settings.publicUrl)
const session = new Session({ settings, observe: (payload) => sockets.broadcast(payload) })
const sockets = new Sockets({
  settings,
  hostAllowed,
  devServer: () => session.current,
  standing: () => (session.lastError === null ? null : errorPayload(session.lastError)),
})
const preview = new Preview({ settings, hostAllowed, session })
const control = new Control({
  token: settings.token,
  session,
  clients: () => ({ hmr: session.current?.clients ?? 0, observers: sockets.observers }),
  shutdown: (ended) => { void stop(ended) },
})

let stopping = false
/** @param {boolean} ended the session is over, not only this process */
async function stop(ended) {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(0), GRACE_MS)
  preview.server.close()
  control.server.close()
  await Promise.all([sockets.close(ended), session.close()])
  process.exit(0)
}

// Before anything that takes time: as the first process of a container this one ends by nothing that it does not handle.
process.on('SIGTERM', () => { void stop(false) })
process.on('SIGINT', () => { void stop(false) })
if (settings.exitOnStdinEnd) {
  // The parent holds the other end: when it dies, however it dies, so does the session's process.
  process.stdin.on('end', () => { void stop(false) }).on('error', () => { void stop(false) }).resume()
}

preview.server.on('upgrade', (req, socket, head) => sockets.upgrade(req, socket, head))
await orEnd(terminationLog, async () => {
  prepare(settings.sessionDir, settings.catalogueDir)
  preview.server.listen('fd' in settings.preview ? { fd: settings.preview.fd } : settings.preview)
  control.server.listen(settings.control)
  await Promise.all([once(preview.server, 'listening'), once(control.server, 'listening')])
})

/** @param {import('node:http').Server} server */
const boundTo = (server) => /** @type {import('node:net').AddressInfo} */ (server.address())
session.listening = { addresses: reachable(boundTo(preview.server).address), port: boundTo(preview.server).port }
process.stdout.write(JSON.stringify({
  event: 'listening', controlPort: boundTo(control.server).port, previewPort: boundTo(preview.server).port,
}) + '\n')

// Session code (a plugin, a config) runs in this process. What it throws into the void must not end the session, and
// what it prints is the user's: it stays out of the logs (G38).
process.on('unhandledRejection', () => log('error', 'unhandled rejection in session code'))
process.on('uncaughtException', () => log('error', 'uncaught exception in session code'))
mute()

void preload(settings.catalogueDir)
