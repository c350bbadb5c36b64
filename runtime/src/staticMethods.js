/** The methods of texts, lists, URLs and dates that `staticValue` knows. Pure. */
import { binary, isPrimitive, TEXT_LIMIT, textOf, UNKNOWN, Unknown } from './staticKinds.js'

/** @typedef {import('./staticValue.js').Interpreter} Interpreter */

/** Of texts: those whose result is no longer than what goes in. @type {Record<string, (text: string, ...args: any) => any>} */
const TEXT_METHODS = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  includes: (text, part) => text.includes(part),
  indexOf: (text, part) => text.indexOf(part),
  slice: (text, from, to) => text.slice(from, to),
  substring: (text, from, to) => text.substring(from, to),
  toUpperCase: (text) => text.toUpperCase(),
  toLowerCase: (text) => text.toLowerCase(),
  trim: (text) => text.trim(),
  toString: (/** @type {string} */ text) => text,
  split: (text, by) => (typeof by === 'string' ? text.split(by) : UNKNOWN),
  replace: (text, from, to) => (typeof from === 'string' && typeof to === 'string' ? text.replace(from, () => to) : UNKNOWN),
  concat: (text, ...more) => more.reduce((sum, part) => binary('+', sum, textOf(part)), text),
}

/** @type {Record<string, (list: any[], call: (fn: any, args: any[]) => any, args: any[]) => any>} */
const LIST_METHODS = {
  map: (list, call, [fn]) => list.map((item, i) => call(fn, [item, i])),
  filter: (list, call, [fn]) => judged(list, (item, i) => call(fn, [item, i]), (kept) => list.filter((_, i) => kept[i])),
  find: (list, call, [fn]) => judged(list, (item, i) => call(fn, [item, i]), (kept) => list.find((_, i) => kept[i])),
  some: (list, call, [fn]) => judged(list, (item, i) => call(fn, [item, i]), (kept) => kept.some(Boolean)),
  every: (list, call, [fn]) => judged(list, (item, i) => call(fn, [item, i]), (kept) => kept.every(Boolean)),
  forEach: (list, call, [fn]) => list.forEach((item, i) => call(fn, [item, i])),
  reduce: (list, call, args) => (args.length > 1 ? list.reduce((sum, item, i) => call(args[0], [sum, item, i]), args[1]) : UNKNOWN),
  slice: (list, _, [from, to]) => list.slice(from, to),
  includes: (list, _, [item]) => (list.some((one) => one instanceof Unknown) ? UNKNOWN : list.includes(item)),
  join: (list, _, [by = ',']) => list.reduce((sum, item, i) => binary('+', i === 0 ? sum : binary('+', sum, by), textOf(item)), ''),
}

/** Lists of lists, which become one. @type {Record<string, (list: any[], args: any[], interpreter: Interpreter) => any[]>} */
const JOINED = {
  concat: (list, args) => [list, ...args],
  flat: (list) => list,
  flatMap: (list, [fn], interpreter) => list.map((item, i) => interpreter.call(fn, [item, i])),
}

/** @param {Interpreter} interpreter @param {any[]} parts */
function joined(interpreter, parts) {
  for (const part of parts) interpreter.charge(Array.isArray(part) ? part.length : 1)
  return parts.flat()
}

/** @param {any[]} list @param {(item: any, i: number) => any} judge @param {(kept: any[]) => any} use */
function judged(list, judge, use) {
  const kept = list.map(judge)
  return kept.some((one) => one instanceof Unknown) ? UNKNOWN : use(kept)
}

/** @param {Interpreter} interpreter @param {any} object @param {string} key @param {any[]} args @returns {any} */
export function method(interpreter, object, key, args) {
  if (typeof object === 'string' && Object.hasOwn(TEXT_METHODS, key)) {
    interpreter.charge(object.length >> 8)
    if (!args.every(isPrimitive)) return UNKNOWN
    const result = /** @type {any} */ (TEXT_METHODS[key])(object, ...args)
    if (typeof result === 'string' && result.length > TEXT_LIMIT) return UNKNOWN
    if (Array.isArray(result)) interpreter.charge(result.length)
    return result
  }
  if (Array.isArray(object) && Object.hasOwn(JOINED, key)) return joined(interpreter, /** @type {any} */ (JOINED[key])(object, args, interpreter))
  if (Array.isArray(object) && key === 'push') {
    object.push(...(interpreter.doubt > 0 ? [UNKNOWN] : args))
    return object.length
  }
  if (Array.isArray(object) && Object.hasOwn(LIST_METHODS, key)) {
    const result = /** @type {any} */ (LIST_METHODS[key])(object, (/** @type {any} */ fn, /** @type {any[]} */ a) => interpreter.call(fn, a), args)
    interpreter.charge(Array.isArray(result) ? result.length : object.length)
    return result
  }
  if (object instanceof URL && key === 'toString') return object.href
  if (object instanceof Date && key === 'toISOString') return object.toISOString()
  if (object instanceof Date && key === 'getTime') return object.getTime()
  if (object instanceof Date && key === 'getFullYear') return object.getUTCFullYear()
  if ((typeof object === 'number' || typeof object === 'boolean') && key === 'toString' && args.length === 0) return String(object)
  return UNKNOWN
}
