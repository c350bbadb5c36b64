/**
 * Loads a PostCSS or Tailwind config by what its syntax is, not by what the nearest package.json's `type` says.
 *
 * esbuild turns ESM, CommonJS and TypeScript alike into one CommonJS text, which is compiled as a module of the
 * config's own folder. Nothing enters Node's module cache (except packages), so a changed config always applies.
 * This runs session code: it happens in the session's own process and nowhere else.
 */
import Module, { createRequire, isBuiltin } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'

/** What a PostCSS config names for Tailwind 4, which runs without it (`tailwind4.js`). */
export const TAILWIND_4_PLUGINS = new Set(['@tailwindcss/postcss', '@tailwindcss/vite'])

/**
 * A package that is not installed must not take the rest of a config with it. Whatever a config does with this, calling
 * it and taking a part of it included, is nothing to Tailwind and to PostCSS.
 */
const STAND_IN = `
const nothing = () => nothing
const known = new Set(['__esModule', 'config', 'content', 'handler', 'plugins', 'postcss', 'postcssPlugin', 'presets', 'theme', 'then'])
module.exports = new Proxy(nothing, { get: (_, key) => (typeof key === 'symbol' || known.has(key) ? undefined : nothing) })
`

/**
 * @param {string} file absolute
 * @param {object} [options]
 * @param {(inputs: string[]) => void} [options.evaluates] told what is about to run: the config and the files that it imports
 * @param {(id: string) => string} [options.tailwind] the file of a module of Tailwind, if not the catalogue's
 * @returns {Promise<{config: unknown, inputs: string[], missing: string[]}>} the default export, or module.exports; the
 *   files that it is made of; the packages that it imports and nobody installed
 */
export async function loadConfig(file, { evaluates, tailwind } = {}) {
  /** @type {Set<string>} */
  const missing = new Set()
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: path.dirname(file),
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
    // A config may end in `.js` and hold TypeScript-free ESM or CommonJS; JSX in it is nobody's business.
    loader: { '.js': 'js', '.cjs': 'js', '.mjs': 'js', '.json': 'json' },
    define: { 'import.meta.url': JSON.stringify(`file://${file}`) },
    plugins: [packages(file, missing, tailwind)],
  })
  const inputs = Object.keys(result.metafile.inputs).filter((name) => !name.startsWith('stand-in:')).map((name) => path.resolve(path.dirname(file), name))
  evaluates?.(inputs)
  const compiled = /** @type {any} */ (new Module(file))
  compiled.filename = placeOf(file)
  compiled.paths = /** @type {any} */ (Module)._nodeModulePaths(path.dirname(file))
  compiled._compile(result.outputFiles[0].text, file)
  const exported = compiled.exports
  const isModule = exported?.__esModule || (exported && typeof exported === 'object' && 'default' in exported)
  return {
    config: isModule ? exported.default : exported,
    inputs,
    missing: [...missing],
  }
}

/**
 * Where the packages of a config are looked for: inside node_modules, because from beside the project's package.json
 * nothing resolves while that is not valid JSON.
 * @param {string} file
 */
const placeOf = (file) => path.join(path.dirname(file), 'node_modules', path.basename(file))

/**
 * @param {string} file @param {Set<string>} missing is filled @param {((id: string) => string)|undefined} tailwind
 * @returns {import('esbuild').Plugin}
 */
function packages(file, missing, tailwind) {
  const load = createRequire(placeOf(file))
  return {
    name: 'kontext-preview:packages',
    setup(building) {
      building.onResolve({ filter: /^[^./]/ }, ({ path: id, kind }) => {
        if (kind === 'entry-point' || isBuiltin(id)) return null
        if (tailwind && /^tailwindcss(\/|$)/.test(id)) return { path: tailwind(id), external: true }
        if (isInstalled(load, id)) return { path: id, external: true }
        if (!TAILWIND_4_PLUGINS.has(id)) missing.add(id)
        return { path: id, namespace: 'stand-in' }
      })
      building.onLoad({ filter: /./, namespace: 'stand-in' }, () => ({ contents: STAND_IN, loader: 'js' }))
    },
  }
}

/** @param {NodeJS.Require} load @param {string} id of a package, or of a part of one */
function isInstalled(load, id) {
  try {
    load.resolve(id)
    return true
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    // Installed, but for `import` only, or without this part: loading it says so.
    if (code === 'MODULE_NOT_FOUND') return false
    return true
  }
}
