import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { descendants } from '../src/descendants.js'
import { hangs } from '../src/hang.js'

test('test_g19 a thread that says nothing and has the processor hangs', () => assert.equal(hangs(4_000, 3_500, false), true))
test('test_g19 a thread that says nothing and sleeps all the time hangs', () => assert.equal(hangs(4_000, 0, true), true))
test('a busy machine that lets the process wait is no hang', () => assert.equal(hangs(60_000, 2_000, false), false))
test('a long batch is no hang', () => assert.equal(hangs(3_000, 3_000, true), false))

test('what a process started is found, down to the last', async () => {
  const child = spawn('sh', ['-c', 'sh -c "echo up; sleep 60; :"; :'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const found = descendants(Number(child.pid))
  assert.ok(found.length >= 1)
  assert.ok(descendants(process.pid).includes(Number(child.pid)))
  for (const pid of [...found, Number(child.pid)]) process.kill(pid, 'SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(descendants(Number(child.pid)), [])
})
