import assert from 'node:assert/strict'
import { test } from 'node:test'
import { early, earlyScript } from '../src/early.js'

test('only packages that need nothing of the page are evaluated early, by any of their entries', () => {
  assert.deepEqual(early(['react-dom/client', 'date-fns/locale', '@radix-ui/react-tabs']), ['react-dom/client', 'date-fns/locale', '@radix-ui/react-tabs'])
  assert.deepEqual(early(['@dfinity/agent', 'sonner', 'reactive', './react', '@radix-ui/themes']), [])
})

test('a page without such packages begins without the script', () => {
  assert.equal(earlyScript([]), '')
})

test('the hook for Fast Refresh is there before the first package is asked for', () => {
  const script = earlyScript(['/a.js?v=1', '/b.js?v=1'])
  assert.ok(script.indexOf('__REACT_DEVTOOLS_GLOBAL_HOOK__') < script.indexOf('["/a.js?v=1","/b.js?v=1"]'))
  assert.ok(script.startsWith('<script>'))
})
