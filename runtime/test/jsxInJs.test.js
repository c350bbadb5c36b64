import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsxInJsPlugin } from '../src/jsxInJs.js'

const { transform } = /** @type {{transform: (code: string, id: string) => Promise<{code: string}|null>}} */ (/** @type {unknown} */ (jsxInJsPlugin('/tree')))

test('JSX in a .js file of the project becomes calls of the development runtime', async () => {
  const result = await transform('export const A = () => <b>{1}</b>\n', '/tree/src/A.js')
  assert.match(result?.code ?? '', /jsx-dev-runtime/)
  assert.doesNotMatch(result?.code ?? '', /<b>/)
})

test('a fragment and a closed tag are JSX too', async () => {
  for (const code of ['export default () => <><i /></>\n', 'export default () => <Title\n  text="x"\n/>\n']) {
    assert.match((await transform(code, '/tree/A.js?t=1'))?.code ?? '', /jsxDEV/)
  }
})

test('a script without JSX is left as it is, also where it compares', async () => {
  assert.equal(await transform('export const less = (a, b) => a < b && b << 2\n', '/tree/a.js'), null)
})

test('a comparison that looks like a tag compiles to what it was', async () => {
  const result = await transform('export const ok = (a, b, c) => a <b && b > c\n', '/tree/a.js')
  assert.match(result?.code ?? 'a < b && b > c', /a < b && b > c/)
})

test('packages and other kinds of file are none of it', async () => {
  assert.equal(await transform('<b></b>', '/elsewhere/A.js'), null)
  assert.equal(await transform('<b></b>', '/tree/A.jsx'), null)
})
