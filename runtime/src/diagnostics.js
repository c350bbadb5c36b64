/** Build errors as the caller sees them: project-relative, without the machine's folders, without colour codes. */
import { stripVTControlCharacters } from 'node:util'

/** @typedef {{path: string|null, line: number|null, column: number|null, message: string, frame: string|null, plugin: string|null}} Diagnostic */

/**
 * What the project asks for and does not get, or gets without asking; the preview works.
 * @typedef {{code: string, path: string|null, message: string}} Warning   `path`: tree path
 */

/** A message longer than this is cut: a minified line quoted by a parser is no help to anybody. */
const MESSAGE_LIMIT = 4000

export class Folders {
  /** @param {{root: string, tree: string, hidden: string[]}} folders absolute; `hidden` are cut to their last part */
  constructor({ root, tree, hidden }) {
    this.prefixes = [root, tree, ...hidden].filter(Boolean).sort((a, b) => b.length - a.length)
    this.root = root
    this.tree = tree
  }

  /** Takes every absolute folder of this machine out of a text. @param {string} text */
  strip(text) {
    let clean = stripVTControlCharacters(text)
    for (const prefix of this.prefixes) clean = clean.replaceAll(`/@fs${prefix}/`, '/').replaceAll(prefix + '/', '').replaceAll(prefix, '')
    return clean
  }

  /** @param {string|undefined|null} id module id or file @returns {string|null} tree path */
  relative(id) {
    if (!id) return null
    const file = stripVTControlCharacters(id).replace(/[?#].*$/, '')
    if (file.startsWith(this.tree + '/')) return file.slice(this.tree.length + 1)
    return this.strip(file).replace(/^\0+/, '').replace(/^\//, '') || null
  }
}

/** @param {unknown} error @param {Folders} folders @returns {Diagnostic} */
export function diagnose(error, folders) {
  const err = /** @type {{message?: unknown, id?: string, frame?: string, plugin?: string, loc?: {file?: string, line?: number, column?: number}}} */ (
    error instanceof Object ? error : { message: String(error) })
  const message = folders.strip(String(err.message ?? 'unknown error')).slice(0, MESSAGE_LIMIT)
  return {
    path: folders.relative(err.loc?.file ?? err.id),
    line: err.loc?.line ?? null,
    column: err.loc?.column ?? null,
    message,
    frame: err.frame ? folders.strip(err.frame).slice(0, MESSAGE_LIMIT) : null,
    plugin: err.plugin ?? null,
  }
}

/**
 * Vite's `error` payload, plus `error` = the message, which the caller's page reads (contract, section 3).
 * @param {Diagnostic} d
 */
export function errorPayload(d) {
  const loc = d.line === null ? undefined : { file: d.path ?? undefined, line: d.line, column: d.column ?? 0 }
  return {
    type: 'error',
    error: d.message,
    err: { message: d.message, stack: '', id: d.path ?? undefined, frame: d.frame ?? undefined, plugin: d.plugin ?? undefined, loc },
  }
}

/**
 * Any payload of Vite, fit to leave the process.
 * @param {any} payload @param {Folders} folders
 */
export function cleanPayload(payload, folders) {
  if (payload.type === 'error') return errorPayload(diagnose(payload.err, folders))
  if (payload.type === 'full-reload' && payload.triggeredBy) {
    return { ...payload, triggeredBy: folders.relative(payload.triggeredBy) ?? undefined }
  }
  return payload
}
