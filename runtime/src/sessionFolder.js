/**
 * The folder of one session. In a pod it is the mount point of a volume: it belongs to root, cannot be removed, and
 * still holds what the container left there when it was restarted.
 */
import fs from 'node:fs'
import path from 'node:path'
import { NOTE } from './crashNote.js'

/** The tree. Always there once a session has been here, so it is what tells a session's folder from another. */
const FILES = 'files'
/** What a file system of its own has at its top. */
const NOT_OURS = new Set(['lost+found'])

/** @param {string} sessionDir */
export const filesDir = (sessionDir) => path.join(sessionDir, FILES)

/**
 * Empties the folder, but for the note of the last process, and lays it out. node_modules stands above the files, so that no file name of a project reaches it.
 * @param {string} sessionDir is there, and is not touched itself @param {string} catalogueDir
 * @throws {Error} when it holds something that no session left
 */
export function prepare(sessionDir, catalogueDir) {
  const left = fs.readdirSync(sessionDir).filter((name) => !NOT_OURS.has(name))
  // Session code may have removed the tree; that a session was here, the note says too.
  if (left.length > 0 && !left.includes(FILES) && !left.includes(NOTE)) throw new Error('KP_SESSION_DIR holds files that are no session\'s')
  // The files last: interrupted in between, the next start still knows the folder.
  for (const name of [...left.filter((other) => other !== FILES), FILES]) {
    if (name === NOTE && fs.lstatSync(path.join(sessionDir, name)).isFile()) continue
    fs.rmSync(path.join(sessionDir, name), { recursive: true, force: true })
  }
  fs.mkdirSync(filesDir(sessionDir))
  fs.symlinkSync(path.join(catalogueDir, 'node_modules'), path.join(sessionDir, 'node_modules'))
}
