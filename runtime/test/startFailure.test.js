import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { reasonOf } from '../src/startFailure.js'

test('an error of the system is told without the path that it names', () => {
  try {
    fs.readdirSync('/nowhere/at/all')
    assert.fail('it is there')
  } catch (error) {
    assert.equal(reasonOf(error), 'ENOENT scandir')
  }
})

test('an error of ours is told as it is', () => assert.equal(reasonOf(new Error('KP_X is not set')), 'KP_X is not set'))
