/** What a session has to install, and what it gets instead of what it asks for. Pure. */
import { readRange, sameMajor, satisfies } from './ranges.js'

/** @typedef {import('../diagnostics.js').Warning} Warning */

/**
 * @typedef {object} Plan
 * @property {Map<string, string>} install   name -> what pnpm gets
 * @property {string[]} added                not in the manifest, but in the catalogue
 * @property {Map<string, string>} refused   name -> why it is not installed, and what to do
 * @property {Warning[]} warnings
 */

/** The dev server's own: a session's configs name them, and the runtime brings them. */
const OURS = new Set([
  'tailwindcss', '@tailwindcss/postcss', '@tailwindcss/vite', 'postcss', 'autoprefixer', 'vite', '@vitejs/plugin-react',
  '@vitejs/plugin-react-swc', 'typescript',
])

/** A page with two versions of React renders nothing: these are of one version, whichever of them was asked for. */
const REACT = ['react', 'react-dom']

/** More than any honest project imports beyond the catalogue; each is disk of the session. */
const LIMIT = 100

/**
 * @param {object} wants
 * @param {ReadonlyMap<string, string>} wants.imports package -> tree path of a file that imports it
 * @param {ReadonlyMap<string, string>} wants.manifest package -> range, see `dependenciesOf`
 * @param {(name: string) => string|null} wants.catalogued the version that the catalogue has of a package
 * @returns {Plan}
 */
export function plan({ imports, manifest, catalogued }) {
  /** @type {Plan} */
  const made = { install: new Map(), added: [], refused: new Map(), warnings: [] }
  for (const [name, importer] of [...imports].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!OURS.has(name)) decide(made, { name, importer, asked: manifest.get(name), have: catalogued(name) })
  }
  pairReact(made, manifest)
  limit(made)
  return made
}

/** @param {Plan} made @param {{name: string, importer: string, asked: string|undefined, have: string|null}} want */
function decide(made, { name, importer, asked, have }) {
  if (asked === undefined) return undeclared(made, name, importer, have)
  const range = readRange(asked)
  if (range.kind === 'refused') return refuse(made, name, importer, have)
  if (have === null || range.kind === 'alias') return void made.install.set(name, range.text)
  if (range.kind === 'tag') {
    if (range.text !== 'latest') warnReplaced(made, importer, `${name}@${range.text}`, have)
  } else if (!satisfies(have, range.text)) {
    if (sameMajor(range.text, have)) warnReplaced(made, importer, `${name}@${range.text}`, have)
    else made.install.set(name, range.text)
  }
}

/** @param {Plan} made @param {string} name @param {string} importer @param {string|null} have */
function undeclared(made, name, importer, have) {
  if (have === null) made.install.set(name, 'latest')
  else made.added.push(name)
  const version = have === null ? 'its newest version' : `version ${have}`
  made.warnings.push({
    code: 'MISSING_DEPENDENCY_ADDED', path: importer,
    message: `${name} is imported and not in package.json: ${version} is used. Add it to "dependencies".`,
  })
}

/** @param {Plan} made @param {string} name @param {string} importer @param {string|null} have */
function refuse(made, name, importer, have) {
  const why = `${name} is not fetched from where package.json says: give a version range of the npm registry.`
  if (have === null) made.refused.set(name, why)
  made.warnings.push({ code: 'DEPENDENCY_REFUSED', path: importer, message: have === null ? why : `${why} Version ${have} is used.` })
}

/** @param {Plan} made @param {string} importer @param {string} asked @param {string} have */
function warnReplaced(made, importer, asked, have) {
  made.warnings.push({
    code: 'DEPENDENCY_VERSION_REPLACED', path: importer, message: `${asked} is asked for, the preview uses ${have}.`,
  })
}

/** @param {Plan} made @param {ReadonlyMap<string, string>} manifest */
function pairReact(made, manifest) {
  const lead = REACT.find((name) => made.install.has(name))
  if (lead === undefined) return
  const range = /** @type {string} */ (made.install.get(lead))
  for (const name of REACT) {
    if (made.install.has(name)) continue
    const own = readRange(manifest.get(name) ?? '')
    const other = REACT.find((candidate) => candidate !== name)
    // An alias of one of them says nothing about the other.
    if (range.startsWith('npm:') || own.kind === 'alias') continue
    made.install.set(name, range)
    made.warnings = made.warnings.filter(({ code, message }) => code !== 'DEPENDENCY_VERSION_REPLACED' || !message.startsWith(`${name}@`))
    if (manifest.has(name)) {
      made.warnings.push({ code: 'DEPENDENCY_VERSION_REPLACED', path: null, message: `${name} is installed as ${range}: it has to be the version of ${other}.` })
    }
  }
}

/** @param {Plan} made */
function limit(made) {
  for (const name of [...made.install.keys()].slice(LIMIT)) {
    made.install.delete(name)
    made.refused.set(name, `${name} is not installed: a preview installs at most ${LIMIT} packages.`)
  }
}
