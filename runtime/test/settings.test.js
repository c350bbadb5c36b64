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
