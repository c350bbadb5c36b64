/** Validation of the control API's messages against the schema that both languages share. */
import fs from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

const file = path.join(import.meta.dirname, '..', 'schema', 'control.schema.json')
const schema = JSON.parse(fs.readFileSync(file, 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: false })
ajv.addSchema(schema, 'control')

/**
 * @param {string} name of a message, as in the schema's `$defs`
 * @param {unknown} value
 * @returns {string|null} what is wrong, without quoting values
 */
export function invalid(name, value) {
  const validate = ajv.getSchema(`control#/$defs/${name}`)
  if (!validate) throw new Error(`the schema has no message ${name}`)
  if (validate(value)) return null
  const first = validate.errors?.[0]
  return `${first?.instancePath || '/'} ${first?.message ?? 'is not valid'}`
}
