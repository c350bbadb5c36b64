import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { storageScript } from '../src/storageScript.js'

/** A window whose storage throws, as in a frame of another site while third-party cookies are blocked. */
function refusing() {
  const window = {}
  const refuse = () => { throw new Error('Access is denied for this document.') }
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse, configurable: true })
  vm.runInNewContext(storageScript, { window })
  return /** @type {any} */ (window)
}

test('a storage that is refused is replaced by one that keeps values while the page lives', () => {
  const { localStorage, sessionStorage } = refusing()
  localStorage.setItem('count', 1)
  assert.equal(localStorage.getItem('count'), '1')
  assert.equal(localStorage.getItem('other'), null)
  assert.equal(localStorage.length, 1)
  assert.equal(localStorage.key(0), 'count')
  assert.equal(sessionStorage.length, 0)
  localStorage.removeItem('count')
  assert.equal(localStorage.length, 0)
})

test('values are properties too, and properties are values', () => {
  const { localStorage } = refusing()
  localStorage.theme = 'dark'
  assert.equal(localStorage.getItem('theme'), 'dark')
  localStorage.setItem('size', 'big')
  assert.equal(localStorage.size, 'big')
  assert.equal('theme' in localStorage, true)
  assert.deepEqual(Object.keys(localStorage), ['theme', 'size'])
  delete localStorage.theme
  assert.equal(localStorage.theme, undefined)
})

test('a storage that works stays the browser’s own', () => {
  const window = { localStorage: { mine: true }, sessionStorage: { mine: true } }
  vm.runInNewContext(storageScript, { window })
  assert.deepEqual(window, { localStorage: { mine: true }, sessionStorage: { mine: true } })
})
