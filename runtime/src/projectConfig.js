/**
 * Loads a PostCSS or Tailwind config by what its syntax is, not by what the nearest package.json's `type` says.
 *
 * esbuild turns ESM, CommonJS and TypeScript alike into one CommonJS text, which is compiled as a module of the
 * config's own folder. Nothing enters Node's module cache (except packages), so a changed config always applies.
 * This runs session code: it happens in the session's own process and nowhere else.
 */
import Module from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'

/**
 * @param {string} file absolute
 * @param {(inputs: string[]) => void} [evaluates] told what is about to run: the config and the files that it imports
 * @returns {Promise<{config: unknown, inputs: string[]}>} the default export, or module.exports; the files that it is made of
 */
export async function loadConfig(file, evaluates) {
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
  })
  const inputs = Object.keys(result.metafile.inputs).map((name) => path.resolve(path.dirname(file), name))
  evaluates?.(inputs)
  const compiled = /** @type {any} */ (new Module(file))
  compiled.filename = file
  compiled.paths = /** @type {any} */ (Module)._nodeModulePaths(path.dirname(file))
  compiled._compile(result.outputFiles[0].text, file)
  const exported = compiled.exports
  const isModule = exported?.__esModule || (exported && typeof exported === 'object' && 'default' in exported)
  return {
    config: isModule ? exported.default : exported,
    inputs,
  }
}
