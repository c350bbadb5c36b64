import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanPayload, diagnose, Folders } from '../src/diagnostics.js'

const folders = new Folders({ root: '/s/one/files/src/frontend', tree: '/s/one/files', hidden: ['/s/one', '/cache/catalogue'] })

test('test_g38 an error keeps its place and loses every folder of the machine', () => {
  const d = diagnose({
    message: '/s/one/files/src/frontend/src/App.tsx: \u001b[31mUnexpected token\u001b[39m in /cache/catalogue/node_modules/x',
    id: '/s/one/files/src/frontend/src/App.tsx?t=1', frame: '1 | <', plugin: 'vite:react-babel', loc: { line: 3, column: 5 },
  }, folders)
  assert.deepEqual(d, {
    path: 'src/frontend/src/App.tsx', line: 3, column: 5, message: 'src/App.tsx: Unexpected token in node_modules/x',
    frame: '1 | <', plugin: 'vite:react-babel',
  })
})

test('something that is no error object becomes a message', () => {
  assert.equal(diagnose('plain text', folders).message, 'plain text')
})

test('the error payload has the message where the caller reads it, and no stack', () => {
  const payload = cleanPayload({ type: 'error', err: { message: 'boom', stack: 'at /s/one/files/x.ts:1', loc: { line: 1 } } }, folders)
  assert.equal(payload.error, 'boom')
  assert.equal(payload.err.stack, '')
  assert.equal(payload.err.loc.line, 1)
})

test('a reload says what triggered it as a tree path', () => {
  const payload = cleanPayload({ type: 'full-reload', path: '*', triggeredBy: '/s/one/files/src/frontend/index.html' }, folders)
  assert.equal(payload.triggeredBy, 'src/frontend/index.html')
})
