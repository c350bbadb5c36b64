/**
 * Loads what the first tree needs while the session waits for it (measured: a third of the time from the first push to
 * Ready, once the ports listen). A tree that comes earlier finds what is loaded by then and loads the rest itself.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { log } from './log.js'

/** @param {string} catalogueDir */
export async function preload(catalogueDir) {
  for (const step of steps(catalogueDir)) {
    // Each blocks for up to 130 ms: probes and pushes get their turn in between.
    await turn()
    try {
      await step()
    } catch (error) {
      // Whoever needs it fails again, and tells the user.
      log('warning', 'not preloaded', { code: error instanceof Error && 'code' in error ? error.code : 'unknown' })
    }
  }
}

/** From what is needed first. @param {string} catalogueDir @returns {(() => unknown)[]} */
function steps(catalogueDir) {
  const plugin = createRequire(import.meta.resolve('@vitejs/plugin-react'))
  // A session's node_modules is a link to the catalogue's: these are the same modules.
  const theirs = createRequire(path.join(catalogueDir, 'package.json'))
  return [
    () => import('./devServer.js'),
    () => theirs('tailwindcss'),
    // As the plugin does it: a module that was `require`d is read once more when it is imported.
    () => import(pathToFileURL(plugin.resolve('@babel/core')).href),
    () => theirs('autoprefixer')(),
    // Starts the child process that all transforms share.
    async () => (await import('esbuild')).transform(''),
  ]
}
