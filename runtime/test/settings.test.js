import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeSettings } from '../src/settings.js'

const env = { KP_SESSION_DIR: '/s', KP_CATALOGUE_DIR: '/c', KP_CONTROL_TOKEN: 'secret', KP_PUBLIC_URL: 'http://preview-a.localhost:1/' }

test('test_g36 session code does not find the control token in its environment', () => {
  const given = { ...env, PATH: '/bin' }
  assert.equal(takeSettings(given).token, 'secret')
  assert.deepEqual(given, { PATH: '/bin' })
})

test('a missing variable is named', () => {
  assert.throws(() => takeSettings({ ...env, KP_CONTROL_TOKEN: '' }), /KP_CONTROL_TOKEN is not set/)
})

test('a port that is no number is named', () => {
  assert.throws(() => takeSettings({ ...env, KP_PREVIEW_PORT: '80x' }), /KP_PREVIEW_PORT/)
})

test('an inherited socket wins over a port', () => {
  assert.deepEqual(takeSettings({ ...env, KP_PREVIEW_FD: '3', KP_PREVIEW_PORT: '80' }).preview, { fd: 3 })
})

test('test_g08 a star listens on every family', () => {
  const settings = takeSettings({ ...env, KP_PREVIEW_HOST: '*', KP_PREVIEW_PORT: '8080', KP_CONTROL_HOST: '*', KP_CONTROL_PORT: '9001' })
  assert.deepEqual([settings.preview, settings.control], [{ port: 8080 }, { port: 9001 }])
})

test('without a host only this machine is spoken to', () => {
  const settings = takeSettings({ ...env })
  assert.deepEqual([settings.preview, settings.control], [{ host: '127.0.0.1', port: 0 }, { host: '127.0.0.1', port: 0 }])
})

for (const address of ['preview-a.localhost', 'ftp://preview-a.localhost/', 'http://']) {
  test(`${address} is no public address, and the variable is named`, () => {
    assert.throws(() => takeSettings({ ...env, KP_PUBLIC_URL: address }), /KP_PUBLIC_URL/)
  })
}
