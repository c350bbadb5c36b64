/**
 * Reads JavaScript, TypeScript and JSON with comments into syntax trees (ESTree), to be looked at and never run.
 *
 * Not with Vite's own `parseAst`: that is native code, and 4,000 nested brackets overflow its stack, which ends the
 * process and cannot be caught (measured). Babel's parser, which plugin-react brings, throws.
 */
import { createRequire } from 'node:module'
import { transform } from 'esbuild'

/**
 * Configs are a few KB. The limit bounds what a hostile one costs: esbuild reads `a<a<a<…` in quadratic time (measured:
 * 128 KB take a minute, in the process that compiles everything else too).
 */
export const SOURCE_LIMIT = 32 * 1024

const plugin = createRequire(import.meta.resolve('@vitejs/plugin-react'))
/** @type {(text: string, options: object) => any} */
const parse = createRequire(plugin.resolve('@babel/core'))('@babel/parser').parse

/** Why a text cannot be read; the message fits behind the file's name and quotes nothing of it. */
export class Unreadable extends Error {}

/**
 * @param {string} text @param {boolean} typed TypeScript
 * @returns {Promise<any>} ESTree `Program` @throws {Unreadable}
 */
export async function parseModule(text, typed) {
  fits(text)
  if (typed) return parsed(await stripped(text))
  try {
    return parsed(text)
  } catch (error) {
    // TypeScript in a file that is called `.js`: it runs in many a project, because tools strip types from everything.
    if (!(error instanceof Unreadable)) throw error
    return parsed(await stripped(text))
  }
}

/** JSON, with comments and commas where TypeScript allows them. @param {string} text @returns {any} ESTree expression @throws {Unreadable} */
export function parseJson(text) {
  fits(text)
  const [statement] = parsed(`(${text.replace(/^\uFEFF/, '')}\n)`).body
  if (statement?.type !== 'ExpressionStatement') throw new Unreadable('is not JSON')
  return statement.expression
}

/** Whether a text is one expression wherever it is put: nothing behind it is swallowed, nothing is added. @param {string} text */
export function isExpression(text) {
  try {
    const [statement] = parsed(`({ a: ${text}, b: 1 })`).body
    const { properties } = statement.expression
    return properties.length === 2 && properties[0].key.name === 'a'
  } catch (error) {
    if (error instanceof Unreadable || error instanceof TypeError) return false
    throw error
  }
}

/** @param {string} text */
export function isModule(text) {
  try {
    return parsed(text).body.length > 0
  } catch (error) {
    if (error instanceof Unreadable) return false
    throw error
  }
}

/** @param {string} text */
function fits(text) {
  if (text.length > SOURCE_LIMIT) throw new Unreadable(`is larger than ${SOURCE_LIMIT / 1024} KB`)
}

/** @param {string} text @returns {Promise<string>} */
async function stripped(text) {
  try {
    return (await transform(text, { loader: 'ts', target: 'esnext', logLevel: 'silent' })).code
  } catch (error) {
    throw new Unreadable(`is not valid${at(/** @type {any} */ (error).errors?.[0]?.location?.line)}`)
  }
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return parse(text, { sourceType: 'module', plugins: ['estree'], allowReturnOutsideFunction: true, attachComment: false }).program
  } catch (error) {
    if (error instanceof RangeError) throw new Unreadable('is nested too deeply')
    if (!(error instanceof SyntaxError)) throw error
    throw new Unreadable(`is not valid${at(/** @type {any} */ (error).loc?.line)}`)
  }
}

/** @param {number|undefined} line */
const at = (line) => (line === undefined ? '' : ` (line ${line})`)
