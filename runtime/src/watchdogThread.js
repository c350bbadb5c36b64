/** The thread of `watchdog.js`. */
import inspector from 'node:inspector'
import { workerData } from 'node:worker_threads'
import { caught, readNote, writeNote } from './crashNote.js'
import { descendants, statFields } from './descendants.js'
import { hangs } from './hang.js'
import { BEAT, HUNG } from './watchdog.js'

const LOOK_MS = 250
/** A loop that catches what breaks it, or another one behind it, is broken again. */
const AGAIN_MS = 1_000

/** @type {{shared: Int32Array, noteFile: string}} */
const { shared, noteFile } = workerData
const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000

/** The main thread is the one with the number of the process. S: it waits for an event. */
const isAsleep = () => statFields(`/proc/self/task/${process.pid}/stat`)?.[0] === 'S'

let seen = { beat: -1, at: 0, cpuMs: 0, asleep: true }
let brokenAt = -Infinity

setInterval(() => {
  const now = performance.now()
  const beat = Atomics.load(shared, BEAT)
  if (beat !== seen.beat) {
    // Idle between two beats it sleeps as well: what counts are the looks that follow.
    seen = { beat, at: now, cpuMs: cpuMs(), asleep: true }
    return
  }
  seen.asleep &&= isAsleep()
  if (hangs(now - seen.at, cpuMs() - seen.cpuMs, seen.asleep) && now - brokenAt > AGAIN_MS) {
    // The main thread writes the note too: not now, it is in its loop.
    if (brokenAt === -Infinity) writeNote(noteFile, caught(readNote(noteFile)))
    brokenAt = now
    Atomics.store(shared, HUNG, 1)
    breakLoop()
  }
}, LOOK_MS)

/**
 * Ends what runs in the main thread. From a callback of the event loop it comes back to our timer; from deeper inside
 * Node gives up and exits by itself. Either way the process ends, also as the first one of a container, which no signal
 * from inside can kill.
 */
function breakLoop() {
  const session = new inspector.Session()
  session.connectToMainThread()
  session.post('Runtime.terminateExecution', () => session.disconnect())
  // It may wait for one of them (`execSync`), which only their end ends.
  for (const pid of descendants(process.pid)) kill(pid)
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It was faster.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
