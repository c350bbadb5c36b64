/** Validation of the control API's messages against the schema that both languages share. */
import * as validators from './validators.generated.js'

/**
 * @param {string} name of a message, as in the schema's `$defs`
 * @param {unknown} value
 * @returns {string|null} what is wrong, without quoting values
 */
export function invalid(name, value) {
  const validate = /** @type {Record<string, any>} */ (validators)[name]
  if (!validate) throw new Error(`the schema has no message ${name}`)
  if (validate(value)) return null
  const first = validate.errors?.[0]
  return `${first?.instancePath || '/'} ${first?.message ?? 'is not valid'}`
}
