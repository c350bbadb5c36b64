import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPackageName, packageOf } from '../src/packages/names.js'

for (const [specifier, name] of [
  ['react', 'react'],
  ['react-dom/client', 'react-dom'],
  ['@scope/name', '@scope/name'],
  ['@scope/name/deep/part.js', '@scope/name'],
  ['normalize.css', 'normalize.css'],
  ['foo/style.css?inline', 'foo'],
  ['./App', null],
  ['../x', null],
  ['/src/App.tsx', null],
  ['.hidden', null],
  ['@/components/Button', null],
  ['@scope', null],
  ['~/x', null],
  ['#internal', null],
  ['fs', null],
  ['fs/promises', null],
  ['node:fs', null],
  ['virtual:thing', null],
  ['https://esm.sh/react', null],
  ['data:text/javascript,1', null],
  ['\0virtual', null],
  ['Upper', null],
  ['_private', null],
  ['a b', null],
  ['..\\x', null],
  ['', null],
]) test(`the package of ${JSON.stringify(specifier)} is ${name}`, () => assert.equal(packageOf(/** @type {string} */ (specifier)), name))

test('npm\'s own limits hold for a name', () => {
  assert.equal(isPackageName('a'.repeat(214)), true)
  assert.equal(isPackageName('a'.repeat(215)), false)
  assert.equal(isPackageName('node_modules'), false)
  assert.equal(isPackageName('favicon.ico'), false)
  assert.equal(isPackageName('--config.x=1/y'), false)
})
