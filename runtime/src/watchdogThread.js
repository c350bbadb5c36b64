/** The thread of `watchdog.js`. */
import fs from 'node:fs'
import inspector from 'node:inspector'
import path from 'node:path'
import { workerData } from 'node:worker_threads'
import { caught, readNote, writeNote } from './crashNote.js'
import { descendants, statFields } from './descendants.js'
import { hangs } from './hang.js'
import { filesDir } from './sessionFolder.js'
import { BEAT, HUNG } from './watchdog.js'

const LOOK_MS = 250
/** A loop that catches what breaks it, or another one behind it, is broken again. */
const AGAIN_MS = 1_000

/** @type {{shared: Int32Array, noteFile: string}} */
const { shared, noteFile } = workerData
const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000

/** The main thread is the one with the number of the process. S: it waits for an event. */
const isAsleep = () => statFields(`/proc/self/task/${process.pid}/stat`)?.[0] === 'S'

/** What Vite keeps below the tree is not the project's. Session code may have spoilt the folder: then it waits for nobody. */
function projectBytes() {
  try {
    return filesBelow(filesDir(path.dirname(noteFile))).reduce((sum, file) => sum + fs.lstatSync(file).size, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 0
    throw error
  }
}

let seen = { beat: -1, at: 0, cpuMs: 0 }
let awakeAt = 0
let brokenAt = -Infinity

setInterval(() => {
  const now = performance.now()
  const beat = Atomics.load(shared, BEAT)
  if (beat !== seen.beat) {
    // Idle between two beats it sleeps as well: what counts are the looks that follow.
    seen = { beat, at: now, cpuMs: cpuMs() }
    awakeAt = now
    return
  }
  if (!isAsleep()) awakeAt = now
  if (hangs(now - seen.at, cpuMs() - seen.cpuMs, now - awakeAt, projectBytes) && now - brokenAt > AGAIN_MS) {
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

/** @param {string} dir @returns {string[]} */
function filesBelow(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(dir, entry.name)
    if (entry.isDirectory()) return entry.name === '.kontext-preview' ? [] : filesBelow(name)
    return entry.isFile() ? [name] : []
  })
}
