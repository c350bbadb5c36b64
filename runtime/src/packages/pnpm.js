/**
 * pnpm as a child process. It runs no script of any package, reads no configuration of the project, and gets an
 * environment of its own: nothing of the session's settings is in it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Report } from './report.js'

/** Installing is nobody's frame budget; previews are. */
const NICE = 10
/** Enough for a few hundred packages, and below what a pod has left beside Vite. */
const HEAP_MB = 256
/** pnpm's own waits are minutes: a registry that is away is told within the time-out. */
const FETCH = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=2000', '--fetch-timeout=20000']

const pnpm = path.join(path.dirname(createRequire(import.meta.url).resolve('pnpm')), 'bin', 'pnpm.cjs')

/** @typedef {{registry: string|null, storeDir: string, npm: Record<string, string>}} Source   `npm`: what pnpm takes of npm's configuration */

/** @param {string} storeDir */
const arguments_ = (storeDir) => [
  'install', '--ignore-workspace', '--ignore-scripts', '--ignore-pnpmfile', '--no-frozen-lockfile', '--prefer-offline',
  '--reporter=ndjson', `--store-dir=${storeDir}`, ...FETCH,
  `--config.cache-dir=${path.join(storeDir, 'cache')}`, `--config.state-dir=${path.join(storeDir, 'state')}`,
  // A peer is the session's own package. Installed beside, it would be a second React.
  '--config.auto-install-peers=false', '--config.strict-peer-dependencies=false',
  // Never hard links: session code could write through them into the store, which other sessions share.
  '--config.package-import-method=clone-or-copy',
  // No other version of pnpm is fetched and run because some package.json says so.
  '--config.manage-package-manager-versions=false', '--config.package-manager-strict=false', '--config.update-notifier=false',
]

/** One run. `close` ends it; then `done` says so as a failure. */
export class Install {
  /**
   * @param {string} dir with our package.json @param {Source} source
   * @param {number} limitMs after which it is ended @param {(report: Report) => void} progress
   */
  constructor(dir, source, limitMs, progress) {
    this.report = new Report()
    this.child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, pnpm, ...arguments_(source.storeDir)], {
      cwd: dir,
      env: environment(dir, source),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.timer = setTimeout(() => this.close(), limitMs)
    this.ended = false
    /** @type {Promise<Report>} its `failure` is null when all is installed */
    this.done = this.#run(progress)
  }

  /** @param {(report: Report) => void} progress */
  async #run(progress) {
    const lines = createInterface({ input: this.child.stdout })
    lines.on('line', (line) => { if (this.report.read(line)) progress(this.report) })
    const code = await this.#exit()
    clearTimeout(this.timer)
    if (this.ended) this.report.failure = { name: null, kind: 'network', code: 'TIMEOUT' }
    else if (code !== 0) this.report.failure ??= { name: null, kind: 'other', code: `EXIT_${code}` }
    return this.report
  }

  /** @returns {Promise<number|string>} */
  async #exit() {
    try {
      if (this.child.pid !== undefined) lower(this.child.pid)
      // Once its output has been read, too.
      const [code] = await once(this.child, 'close')
      return code ?? 'killed'
    } catch (error) {
      return /** @type {NodeJS.ErrnoException} */ (error).code ?? 'unknown'
    }
  }

  close() {
    this.ended = true
    this.child.kill('SIGKILL')
  }
}

/** @param {number} pid */
function lower(pid) {
  try {
    os.setPriority(pid, NICE)
  } catch (error) {
    // It has ended already.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_SYSTEM_ERROR') throw error
  }
}

/** @param {string} dir @param {Source} source @returns {NodeJS.ProcessEnv} */
function environment(dir, { registry, npm }) {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: dir,
    TMPDIR: process.env.TMPDIR,
    CI: '1',
    ...npm,
    ...(registry === null ? {} : { npm_config_registry: registry }),
  }
}
