import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { invalid } from '../src/messages.js'

const dir = path.join(import.meta.dirname, '../../tests/fixtures/wire')
const files = fs.readdirSync(dir).filter((f) => f.endsWith('.json'))

test('there are examples to hold the two languages to', () => assert.ok(files.length >= 5))

for (const file of files) {
  const examples = [JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8'))].flat()
  examples.forEach((example, i) => {
    test(`${file}[${i}] is ${example.valid ? 'accepted' : 'refused'} as ${example.message}`, () => {
      assert.equal(invalid(example.message, example.value) === null, example.valid)
    })
  })
}

test('a message that the schema does not have is a mistake of ours', () => {
  assert.throws(() => invalid('Nonsense', {}))
})
