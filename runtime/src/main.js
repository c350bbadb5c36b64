/**
 * The process of one session. Two ports: the preview (HTTP, sockets) and the control API.
 * Prints one JSON line `{"event":"listening","controlPort","previewPort"}` on stdout; logs are on stderr.
 */
import { once } from 'node:events'
import { Control } from './control.js'
import { CrashNote } from './crashNote.js'
import { errorPayload } from './diagnostics.js'
import { guardExit } from './exitGuard.js'
import { log, mute } from './log.js'
import { reachable } from './loopback.js'
import { preload } from './preload.js'
import { hostCheck, Preview } from './preview.js'
import { Session } from './session.js'
import { prepare } from './sessionFolder.js'
import { takeSettings } from './settings.js'
import { Sockets } from './sockets.js'
import { orEnd } from './startFailure.js'
import { isHung, watch } from './watchdog.js'

/** A batch that still compiles gets this long: the whole end stays below a second. */
const GRACE_MS = 500
/** Of a process that a loop of session code had for itself. */
const HUNG = 70

const { KP_TERMINATION_LOG: terminationLog } = process.env
const settings = await orEnd(terminationLog, () => takeSettings(process.env))
const hostAllowed = hostCheck(() => settings.publicUrl)
// Before the folder is emptied.
const note = await orEnd(terminationLog, () => new CrashNote(settings.sessionDir, Date.now(), settings.lastEnd, isHung))
const session = new Session({ settings, note, observe: (payload) => sockets.broadcast(payload) })
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
  clients: () => ({
    hmr: session.current?.clients ?? 0, watching: session.current?.watching ?? 0, observers: sockets.observers,
  }),
  shutdown: (ended) => { void orderly(ended) },
})

/** @type {(status: number) => void} */
let end = (status) => process.exit(status)
let stopping = false
/** @param {boolean} ended the session is over, not only this process @param {number} [status] */
async function stop(ended, status = 0) {
  if (stopping) return
  stopping = true
  setTimeout(() => end(status), GRACE_MS)
  preview.server.close()
  control.server.close()
  await Promise.all([sockets.close(ended), session.close()])
  end(status)
}

/** @param {boolean} ended */
function orderly(ended) {
  note.rest()
  return stop(ended)
}

// Before anything that takes time: as the first process of a container this one ends by nothing that it does not handle.
process.on('SIGTERM', () => { void orderly(false) })
process.on('SIGINT', () => { void orderly(false) })
if (settings.exitOnStdinEnd) {
  // The parent holds the other end: when it dies, however it dies, so does the session's process.
  process.stdin.on('end', () => { void orderly(false) }).on('error', () => { void orderly(false) }).resume()
}

preview.server.on('upgrade', (req, socket, head) => sockets.upgrade(req, socket, head))
await orEnd(terminationLog, async () => {
  prepare(settings.sessionDir, settings.catalogueDir)
  note.keep()
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
process.on('unhandledRejection', (error) => {
  if (session.reportLater(error)) log('error', 'unhandled rejection in session code')
})
process.on('uncaughtException', (error) => {
  if (session.reportLater(error)) log('error', 'uncaught exception in session code')
})
end = guardExit()
watch(note.file, () => {
  if (stopping) return
  note.hung()
  log('error', 'session code kept the process for itself')
  void stop(false, HUNG)
})
mute()

void preload(settings.catalogueDir)
