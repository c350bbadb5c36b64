/** The values that `staticValue` computes with. Pure. */

/** Characters of one text. */
export const TEXT_LIMIT = 64 * 1024

/** A value that only running the code would tell. */
export class Unknown {}
export const UNKNOWN = new Unknown()

/** Set on an object that lacks something: it was made with `...unknown`. */
export const PARTIAL = Symbol('partial')

/** A function that is given to the code. */
export class Builtin {
  /** @param {(args: any[], interpreter: import('./staticValue.js').Interpreter) => any} call @param {Record<string, any>} [members] */
  constructor(call, members = {}) {
    this.call = call
    this.members = record(members)
  }
}

/** @param {Record<string, any>} values @returns {Record<string, any>} without a prototype */
export function record(values = {}) {
  return Object.assign(Object.create(null), values)
}

/** @param {any} value */
export const isRecord = (value) => value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === null

/** @param {any} value */
export function markPartial(value) {
  value[PARTIAL] = true
}

/** @param {any} value */
export const isPrimitive = (value) => value === null || ['string', 'number', 'boolean', 'undefined', 'bigint'].includes(typeof value)

/** @param {{pattern: string, flags: string}} regex */
export function regexOf({ pattern, flags }) {
  try {
    // Stateful flags make `test` answer differently each time; nobody who configures something wants that.
    return new RegExp(pattern, flags.replace(/[gy]/g, ''))
  } catch (error) {
    if (error instanceof SyntaxError) return UNKNOWN
    throw error
  }
}

/** As in a template or in `String(…)`. @param {any} value */
export function textOf(value) {
  if (isPrimitive(value)) return String(value)
  return value instanceof URL ? value.href : UNKNOWN
}

/** @param {string} operator @param {any} a @param {any} b @returns {any} */
export function binary(operator, a, b) {
  if (operator === 'in') return isRecord(b) && !(PARTIAL in b) && typeof a === 'string' ? Object.hasOwn(b, a) : UNKNOWN
  if (!isPrimitive(a) || !isPrimitive(b) || typeof a === 'bigint' || typeof b === 'bigint') return UNKNOWN
  switch (operator) {
    case '+': {
      const sum = a + b
      return typeof sum === 'string' && sum.length > TEXT_LIMIT ? UNKNOWN : sum
    }
    case '-': return a - b
    case '*': return a * b
    case '/': return a / b
    case '%': return a % b
    case '===': return a === b
    case '!==': return a !== b
    case '==': return a == b
    case '!=': return a != b
    case '<': return a < b
    case '>': return a > b
    case '<=': return a <= b
    case '>=': return a >= b
    default: return UNKNOWN
  }
}
