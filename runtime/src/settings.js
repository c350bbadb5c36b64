/**
 * The environment that the process is born with. Read once, then removed: session code that runs in this process
 * (a Tailwind config, a PostCSS plugin) does not find the control token in `process.env`.
 */
import path from 'node:path'

/** @typedef {{host?: string, port: number}} Bind   without a host: every family that the machine has (G8) */

/**
 * @typedef {object} Settings
 * @property {string} sessionDir     absolute; this process owns it, it is filled by PUT
 * @property {string} catalogueDir   absolute; node_modules/ and the pre-bundled deps/
 * @property {{fd: number} | Bind} preview   where the preview listens
 * @property {Bind} control
 * @property {string} token          bearer token of the control API
 * @property {URL} publicUrl         what the browser sees; replaced when a warm runtime becomes another session's
 * @property {string[]} allowedOrigins   exact origins that may frame the preview and observe it
 * @property {boolean} exitOnStdinEnd
 * @property {import('./packages/pnpm.js').Source|null} packages   where packages beyond the catalogue come from; null: from nowhere
 * @property {string|null} lastEnd   why the session's last process had to be ended, where its supervisor knows it
 */

/** `KP_…_HOST`: Node then binds `::` for both families, or `0.0.0.0` where there is no IPv6. */
const ALL_FAMILIES = '*'

const NAMES = [
  'KP_SESSION_DIR', 'KP_CATALOGUE_DIR', 'KP_PREVIEW_FD', 'KP_PREVIEW_HOST', 'KP_PREVIEW_PORT', 'KP_CONTROL_HOST',
  'KP_CONTROL_PORT', 'KP_CONTROL_TOKEN', 'KP_PUBLIC_URL', 'KP_ALLOWED_ORIGINS', 'KP_KEEP_STDIN',
  'KP_TERMINATION_LOG', 'KP_LAST_END', 'KP_REGISTRY', 'KP_STORE_DIR', 'KP_NPM_CONFIG',
  // What KP_PUBLIC_URL of a pod is made of; of no use to anybody here.
  'KP_SESSION',
]

/** @param {NodeJS.ProcessEnv} env @returns {Settings} @throws {Error} naming the variable that is missing or wrong */
export function takeSettings(env) {
  const given = Object.fromEntries(NAMES.map((name) => [name, env[name]]))
  for (const name of NAMES) delete env[name]
  /** @param {string} name */
  const need = (name) => {
    const value = given[name]
    if (!value) throw new Error(`${name} is not set`)
    return value
  }
  return {
    sessionDir: path.resolve(need('KP_SESSION_DIR')),
    catalogueDir: path.resolve(need('KP_CATALOGUE_DIR')),
    preview: given.KP_PREVIEW_FD
      ? { fd: integer('KP_PREVIEW_FD', given.KP_PREVIEW_FD) }
      : bind(given.KP_PREVIEW_HOST, integer('KP_PREVIEW_PORT', given.KP_PREVIEW_PORT ?? '0')),
    control: bind(given.KP_CONTROL_HOST, integer('KP_CONTROL_PORT', given.KP_CONTROL_PORT ?? '0')),
    token: need('KP_CONTROL_TOKEN'),
    publicUrl: address('KP_PUBLIC_URL', need('KP_PUBLIC_URL')),
    allowedOrigins: (given.KP_ALLOWED_ORIGINS ?? '').split(',').map((o) => o.trim()).filter(Boolean),
    exitOnStdinEnd: given.KP_KEEP_STDIN !== '1',
    packages: packageSource(given),
    lastEnd: given.KP_LAST_END || null,
  }
}

/**
 * KP_NPM_CONFIG is there where npm is set up for the user (local mode); else KP_REGISTRY has to say where packages are.
 * @param {Record<string, string|undefined>} given @returns {Settings['packages']}
 */
function packageSource(given) {
  const registry = given.KP_REGISTRY ? address('KP_REGISTRY', given.KP_REGISTRY).href : null
  if (!given.KP_STORE_DIR || (registry === null && !given.KP_NPM_CONFIG)) return null
  return { registry, storeDir: path.resolve(given.KP_STORE_DIR), npm: variables('KP_NPM_CONFIG', given.KP_NPM_CONFIG || '{}') }
}

/** @param {string} name @param {string} text @returns {Record<string, string>} */
function variables(name, text) {
  const wrong = `${name} must be a JSON object of texts`
  let value
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(wrong, { cause: error })
  }
  if (value === null || typeof value !== 'object' || Object.values(value).some((entry) => typeof entry !== 'string')) throw new Error(wrong)
  return value
}

/** @param {string|undefined} host @param {number} port @returns {Bind} */
function bind(host, port) {
  return host === ALL_FAMILIES ? { port } : { host: host || '127.0.0.1', port }
}

/** @param {string} name @param {string} text */
function address(name, text) {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new Error(`${name} must be an http or https address`)
  return new URL(text)
}

/** @param {string} name @param {string} text */
function integer(name, text) {
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number`)
  return Number(text)
}
