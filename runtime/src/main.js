/**
 * The process of one session. Two ports: the preview (HTTP, sockets) and the control API.
 * Prints one JSON line `{"event":"listening","controlPort","previewPort"}` on stdout; logs are on stderr.
 */
import { once } from 'node:events'
import { Control } from './control.js'
import { errorPayload } from './diagnostics.js'
import { log } from './log.js'
import { hostCheck, Preview } from './preview.js'
import { Session } from './session.js'
import { takeSettings } from './settings.js'
import { Sockets } from './sockets.js'

/** Open connections get this long to end before the process does. */
const GRACE_MS = 1_000

const settings = takeSettings(process.env)
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

session.prepare()
preview.server.on('upgrade', (req, socket, head) => sockets.upgrade(req, socket, head))
preview.server.listen('fd' in settings.preview ? { fd: settings.preview.fd } : settings.preview)
control.server.listen(settings.control)
await Promise.all([once(preview.server, 'listening'), once(control.server, 'listening')])

/** @param {import('node:http').Server} server */
const portOf = (server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port
session.address = { port: portOf(preview.server), host: settings.publicUrl.host }
process.stdout.write(JSON.stringify({
  event: 'listening', controlPort: portOf(control.server), previewPort: portOf(preview.server),
}) + '\n')

let stopping = false
/** @param {boolean} ended the session is over, not only this process */
async function stop(ended) {
  if (stopping) return
  stopping = true
  sockets.close(ended)
  setTimeout(() => process.exit(0), GRACE_MS).unref()
  preview.server.close()
  control.server.close()
  await session.close()
  process.exit(0)
}

process.on('SIGTERM', () => { void stop(false) })
process.on('SIGINT', () => { void stop(false) })
if (settings.exitOnStdinEnd) {
  // The parent holds the other end: when it dies, however it dies, so does the session's process.
  process.stdin.on('end', () => { void stop(false) }).on('error', () => { void stop(false) }).resume()
}

// Session code (a plugin, a config) runs in this process. What it throws into the void must not end the session.
process.on('unhandledRejection', () => log('error', 'unhandled rejection in session code'))
process.on('uncaughtException', () => log('error', 'uncaught exception in session code'))
