import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Onlookers, SIGN_MS } from '../src/onlookers.js'

const NOW = 1_795_464_000_000

/** @param {...string} pages that have just been opened */
function open(...pages) {
  const onlookers = new Onlookers()
  const sockets = pages.map((name) => ({ name }))
  for (const socket of sockets) onlookers.opened(socket, NOW)
  return { onlookers, sockets }
}

test('a page counts from the moment that it opens, and not for ever if it says nothing', () => {
  const { onlookers } = open('one', 'two')
  assert.equal(onlookers.count(NOW), 2)
  assert.equal(onlookers.count(NOW + SIGN_MS - 1), 2)
  assert.equal(onlookers.count(NOW + SIGN_MS), 0)
})

test('a page that is shown counts for as long as it says so', () => {
  const { onlookers, sockets: [page] } = open('one')
  let now = NOW
  for (let sign = 0; sign < 100; sign += 1) {
    now += SIGN_MS - 1
    assert.equal(onlookers.count(now), 1)
    onlookers.told(page, true, now)
  }
  assert.equal(onlookers.count(now + SIGN_MS), 0)
})

test('a page that is hidden does not count, and counts again when it is shown', () => {
  const { onlookers, sockets: [page] } = open('one', 'two')
  onlookers.told(page, false, NOW)
  assert.equal(onlookers.count(NOW), 1)
  onlookers.told(page, true, NOW)
  assert.equal(onlookers.count(NOW), 2)
})

test('a page that is gone does not count, whatever was on its way', () => {
  const { onlookers, sockets: [page] } = open('one')
  onlookers.closed(page)
  onlookers.told(page, true, NOW)
  assert.equal(onlookers.count(NOW), 0)
})
