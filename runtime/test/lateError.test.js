import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Folders } from '../src/diagnostics.js'
import { lateError } from '../src/lateError.js'

const folders = new Folders({ root: '/s/files', tree: '/s/files', hidden: ['/s'] })
/** @param {Record<string, string>} more */
const error = (more) => Object.assign(new Error('/s/files/x is late'), more)
const hostile = { get message() { throw new Error('again') } }

test('test_g19 what a timer of a config throws is told, without the folders of the machine', () => {
  assert.equal(lateError(error({}), folders)?.message, 'x is late')
  assert.equal(lateError('a text', folders)?.message, 'a text')
  assert.equal(lateError(null, folders)?.message, 'null')
  assert.equal(lateError(error({ code: 'ENOENT', syscall: 'open' }), folders)?.message, 'x is late')
})

test('what a restart has overtaken, and a connection that broke, are nobody\'s error', () => {
  assert.equal(lateError(error({ code: 'ERR_CLOSED_SERVER' }), folders), null)
  assert.equal(lateError(error({ code: 'ERR_OUTDATED_OPTIMIZED_DEP' }), folders), null)
  assert.equal(lateError(error({ code: 'ECONNRESET', syscall: 'read' }), folders), null)
})

test('test_g19 whatever is thrown, telling it throws nothing', () => {
  assert.match(String(lateError(hostile, folders)?.message), /cannot be shown/)
  assert.match(String(lateError(new Proxy({}, { getPrototypeOf() { throw new Error('no') } }), folders)?.message), /cannot be shown/)
  assert.ok(lateError(Object.create(null), folders))
})
