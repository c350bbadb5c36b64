/**
 * `node bake.js <catalogueDir>`: pre-bundles the catalogue into `<catalogueDir>/deps`, once per installation.
 * Prints `{"event":"baked"}` or, when a bake of the same versions is there, `{"event":"fresh"}`.
 */
import crypto from 'node:crypto'
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createLogger, optimizeDeps, resolveConfig, version } from 'vite'
import { withDefaults } from './honoured.js'
import { configHash } from './prebundle.js'
import { viteConfig } from './viteConfig.js'

const catalogueDir = path.resolve(process.argv[2] ?? usage())
const depsDir = path.join(catalogueDir, 'deps')
const stamp = crypto.createHash('sha256')
  .update(version)
  .update(fs.readFileSync(path.join(catalogueDir, 'package-lock.json')))
  .update(fs.readFileSync(path.join(import.meta.dirname, 'prebundle.js')))
  .update(fs.readFileSync(path.join(import.meta.dirname, 'viteConfig.js')))
  .digest('hex')

/** @returns {never} */
function usage() {
  process.stderr.write('usage: node bake.js <catalogueDir>\n')
  process.exit(2)
}

/** @param {string} event */
const report = (event) => process.stdout.write(JSON.stringify({ event }) + '\n')

const stampFile = path.join(depsDir, 'stamp')
if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp) {
  report('fresh')
} else {
  await bake()
  report('baked')
}

async function bake() {
  // Laid out as a session is (a link to node_modules above the root), so that the lock file hash is a session's too.
  const stage = fs.mkdtempSync(path.join(catalogueDir, 'bake-'))
  try {
    const root = path.join(stage, 'files')
    fs.mkdirSync(root)
    fs.symlinkSync('../node_modules', path.join(stage, 'node_modules'))
    fs.rmSync(depsDir, { recursive: true, force: true })
    const config = await resolveConfig(viteConfig({
      root,
      catalogueDir,
      allow: [],
      publicUrl: new URL('http://127.0.0.1/'),
      upgrades: new EventEmitter(),
      postcssPlugins: [],
      mount: null,
      honoured: withDefaults({ treeDir: root, root: '' }).values,
      logger: createLogger('error'),
    }), 'serve')
    const metadata = await optimizeDeps(config, true)
    if (metadata.configHash !== configHash(config)) {
      throw new Error(`Vite ${version} computes its dependency hash in another way than prebundle.js: update configHash there`)
    }
    fs.renameSync(path.join(root, '.kontext-preview', 'deps'), depsDir)
    // `src` is relative to the folder that has just moved.
    const file = path.join(depsDir, '_metadata.json')
    const written = JSON.parse(fs.readFileSync(file, 'utf8'))
    for (const [id, dep] of Object.entries(written.optimized)) {
      dep.src = path.relative(depsDir, fs.realpathSync(/** @type {string} */ (metadata.optimized[id].src)))
    }
    fs.writeFileSync(file, JSON.stringify(written))
    fs.writeFileSync(stampFile, stamp)
  } finally {
    fs.rmSync(stage, { recursive: true, force: true })
  }
}
