/**
 * The catalogue, pre-bundled once (`bake.js`) and given to every session as Vite's own dependency cache.
 *
 * Vite trusts a cache only if its `configHash` matches, and that covers the Vite root, which differs per session
 * (measured: a cold pre-bundle of the catalogue costs seconds and several hundred MB). So each session gets links
 * to the baked files and a `_metadata.json` with the hash of its own configuration. `configHash` below repeats
 * what Vite 7.3 computes; `bake.js` compares it with the hash that Vite wrote and fails if they ever differ.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/** Packages of the catalogue that run at build time only. */
const BUILD_ONLY = new Set([
  '@tailwindcss/forms', '@tailwindcss/typography', 'autoprefixer', 'postcss', 'postcss-import', 'postcss-nested', 'sass',
  'tailwindcss', 'tailwindcss-animate', 'tw-animate-css', 'typescript',
])
/** Files of the bake that are not dependencies. */
const OWN_FILES = new Set(['_metadata.json', 'stamp'])
/**
 * Entry points that generated code imports beside a package's main one. One that is missing here is found when a page
 * asks for it: everything is bundled again, requests of the first paint fail, and the page is reloaded.
 */
const SUBPATHS = [
  'react-dom/client', 'react/jsx-runtime', 'react/jsx-dev-runtime',
  'date-fns/locale', 'zustand/middleware', 'zustand/middleware/immer', 'zustand/shallow', 'zustand/react/shallow',
]
/** Of every project: found together with the rest, they would make the first page load twice. */
const SURE = ['react', 'react-dom', 'react-dom/client', 'react/jsx-dev-runtime']

/**
 * @param {string} catalogueDir
 * @param {boolean} [ownBundle] the session has packages beyond the catalogue, or in other versions, and all that is bundled
 *   together has to be bundled anew: what is not surely needed waits until something imports it
 * @returns {string[]} what `optimizeDeps.include` lists
 */
export function includeList(catalogueDir, ownBundle = false) {
  const manifest = JSON.parse(read(catalogueDir))
  const names = Object.keys(manifest.dependencies)
  const subpaths = SUBPATHS.filter((path) => names.includes(path.split('/', 1)[0] ?? ''))
  if (ownBundle) return names.includes('react') ? SURE : []
  return [...names.filter((name) => !BUILD_ONLY.has(name)), ...subpaths].sort()
}

/** @param {string} catalogueDir named for its profile @throws {Error} that a platform team understands */
function read(catalogueDir) {
  try {
    return fs.readFileSync(path.join(catalogueDir, 'package.json'), 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error
    throw new Error(`the image of this runtime has no dependency profile ${JSON.stringify(path.basename(catalogueDir))}`)
  }
}

/** @param {string} text */
const hash8 = (text) => crypto.createHash('sha256').update(text).digest('hex').slice(0, 8)

/**
 * Vite 7.3's `getConfigHash` for the client environment.
 * @param {import('vite').ResolvedConfig} config
 * @param {{ours?: boolean}} [part] `ours`: without what a project asks for, aliases and assets
 */
export function configHash(config, { ours = false } = {}) {
  const client = { ...config, .../** @type {any} */ (config.environments.client) }
  const { optimizeDeps } = client
  /** @param {string[]|undefined} list */
  const sorted = (list) => (list ? [...new Set(list)].sort() : undefined)
  return hash8(JSON.stringify({
    define: !client.keepProcessEnv ? process.env.NODE_ENV || config.mode : null,
    root: config.root,
    resolve: ours ? { ...client.resolve, alias: null } : client.resolve,
    assetsInclude: ours ? null : config.assetsInclude,
    plugins: config.plugins.map((p) => p.name),
    optimizeDeps: {
      include: sorted(optimizeDeps.include),
      exclude: sorted(optimizeDeps.exclude),
      esbuildOptions: {
        ...optimizeDeps.esbuildOptions,
        plugins: optimizeDeps.esbuildOptions?.plugins?.map((/** @type {{name: string}} */ p) => p.name),
      },
    },
  }, (_, value) => (typeof value === 'function' || value instanceof RegExp ? value.toString() : value)))
}

/** Of each dependency cache of this process: the hash of what is ours in the configuration that it was made for. @type {Map<string, string>} */
const made = new Map()

/**
 * A project's new alias changes Vite's hash and no dependency: those import each other by their own names. Without this
 * a restart for it would bundle the catalogue anew.
 * @param {import('vite').ResolvedConfig} config @param {string} file `_metadata.json`
 */
function keep(config, file) {
  if (made.get(file) !== configHash(config, { ours: true })) return
  const metadata = JSON.parse(fs.readFileSync(file, 'utf8'))
  const hash = configHash(config)
  if (metadata.configHash !== hash) stamp(file, metadata, hash)
}

/** @param {string} file @param {any} metadata @param {string} hash */
function stamp(file, metadata, hash) {
  metadata.configHash = hash
  metadata.hash = hash8(metadata.lockfileHash + hash)
  fs.writeFileSync(file, JSON.stringify(metadata))
}

/**
 * Fills `<cacheDir>/deps` from the bake, unless the session already has a dependency cache of its own.
 * @param {import('vite').ResolvedConfig} config @param {string} catalogueDir
 */
export function installPrebundle(config, catalogueDir) {
  const baked = path.join(catalogueDir, 'deps')
  const deps = path.join(config.cacheDir, 'deps')
  const own = path.join(deps, '_metadata.json')
  if (fs.existsSync(own)) return keep(config, own)
  if (!fs.existsSync(path.join(baked, '_metadata.json'))) return
  fs.mkdirSync(deps, { recursive: true })
  const fixed = isReadOnly(baked)
  for (const name of fs.readdirSync(baked)) {
    if (!OWN_FILES.has(name)) place(path.join(baked, name), path.join(deps, name), fixed)
  }
  const metadata = JSON.parse(fs.readFileSync(path.join(baked, '_metadata.json'), 'utf8'))
  for (const dep of Object.values(metadata.optimized)) dep.src = path.resolve(baked, dep.src)
  stamp(own, metadata, configHash(config))
  made.set(own, configHash(config, { ours: true }))
}

/**
 * Hard links cost nothing and stay what they are when the catalogue is baked anew. Across file systems a catalogue that
 * nobody writes to (an image's, beside an emptyDir) is linked by name: a copy is 18 MB per session, which count as memory
 * where the emptyDir is one. Vite asks for a dependency by its name in the cache, never by its real path.
 * @param {string} from @param {string} to @param {boolean} fixed nobody writes to `from`
 */
function place(from, to, fixed) {
  try {
    fs.linkSync(from, to)
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'EEXIST') return
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error
    if (fixed) fs.symlinkSync(from, to)
    else fs.copyFileSync(from, to)
  }
}

/** @param {string} dir */
function isReadOnly(dir) {
  try {
    fs.accessSync(dir, fs.constants.W_OK)
    return false
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'EACCES' || code === 'EROFS') return true
    throw error
  }
}
