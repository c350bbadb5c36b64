import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { caught, CrashNote, emptyNote, judge, NOTE, readNote, UNKNOWN_CAUSE, writeNote } from '../src/crashNote.js'

const TAILWIND = { 'files/tailwind.config.js': 'a' }
const POSTCSS = { 'files/postcss.config.js': 'b' }
const BOTH = { ...TAILWIND, ...POSTCSS }
const MINUTE = 60_000

test('who finds no note blocks nothing', () => assert.deepEqual(judge(emptyNote(), 0, null), emptyNote()))

test('test_g19 a process that died while a config was evaluated blocks that one alone', () => {
  const found = judge({ ...emptyNote(), loading: TAILWIND, inUse: BOTH, atWork: true }, 0, null)
  assert.deepEqual(found, { ...emptyNote(), blocked: [{ files: TAILWIND, why: UNKNOWN_CAUSE, sure: true }] })
})

test('test_g19 a process that died while a batch compiled blocks all that was in use', () => {
  const found = judge({ ...emptyNote(), inUse: BOTH, atWork: true }, 0, null)
  assert.deepEqual(found.blocked, [{ files: BOTH, why: UNKNOWN_CAUSE, sure: false }])
})

test('test_g19 a process that died idle blocks nothing at once, and at the second time what was in use at both', () => {
  const first = judge({ ...emptyNote(), inUse: TAILWIND }, 0, null)
  assert.deepEqual(first.blocked, [])
  assert.equal(judge({ ...first, inUse: TAILWIND }, MINUTE, null).blocked.length, 1)
  assert.equal(judge({ ...first, inUse: TAILWIND }, 11 * MINUTE, null).blocked.length, 0)
  assert.equal(judge({ ...first, inUse: POSTCSS }, MINUTE, null).blocked.length, 0)
})

test('test_g19 whoever ended it for its memory knows that it was no accident', () => {
  const found = judge({ ...emptyNote(), inUse: TAILWIND }, 0, 'too much memory')
  assert.deepEqual(found.blocked.map((entry) => entry.why), ['too much memory'])
  assert.deepEqual(judge(emptyNote(), 0, 'too much memory'), emptyNote())
})

test('a process that dies at work without any config clears those that were suspected only', () => {
  const blocked = [{ files: TAILWIND, why: 'x', sure: false }, { files: POSTCSS, why: 'y', sure: true }]
  assert.deepEqual(judge({ ...emptyNote(), blocked, atWork: true }, 0, null).blocked, blocked.slice(1))
  assert.deepEqual(judge({ ...emptyNote(), blocked }, 0, null).blocked, blocked)
})

test('a loop is put down to the config that is evaluated, else to all', () => {
  assert.deepEqual(caught({ ...emptyNote(), loading: TAILWIND, inUse: BOTH }).blocked[0]?.files, TAILWIND)
  assert.deepEqual(caught({ ...emptyNote(), inUse: BOTH }).blocked[0]?.files, BOTH)
  assert.deepEqual(caught({ ...emptyNote(), atWork: true }), { ...emptyNote(), atWork: true })
})

test('the list of what is blocked has an end', () => {
  let note = emptyNote()
  for (let n = 0; n < 20; n += 1) note = judge({ ...note, loading: { [`files/${n}.js`]: 'x' } }, n, null)
  assert.equal(note.blocked.length, 8)
  assert.deepEqual(note.blocked.at(-1)?.files, { 'files/19.js': 'x' })
})

function session() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'note-'))
  fs.mkdirSync(path.join(dir, 'files'))
  const config = path.join(dir, 'files/tailwind.config.js')
  const theme = path.join(dir, 'files/theme.js')
  fs.writeFileSync(config, 'import "./theme.js"')
  fs.writeFileSync(theme, 'for (;;);')
  return { dir, config, theme, open: (isHung = () => false) => new CrashNote(dir, 0, null, isHung) }
}

test('test_g19 a config is blocked until it, or what it imports, changes', () => {
  const { dir, config, theme, open } = session()
  open().evaluates([config, theme])
  const next = open()
  assert.equal(next.blocks(config), UNKNOWN_CAUSE)
  assert.equal(next.blocks(path.join(dir, 'files/postcss.config.js')), null)
  fs.writeFileSync(theme, 'export default {}')
  assert.equal(next.blocks(config), null)
  fs.rmSync(theme)
  assert.equal(next.blocks(config), null)
})

test('an orderly end leaves no note, and what is blocked stays so', () => {
  const { dir, config, open } = session()
  const note = open()
  note.evaluates([config])
  note.loaded()
  note.rest()
  note.evaluates([config]) // a batch that was still running
  assert.equal(fs.existsSync(path.join(dir, NOTE)), false)
  open().evaluates([config])
  const next = open()
  next.keep()
  next.rest()
  assert.notEqual(open().blocks(config), null)
})

test('what unwinds after a loop was broken does not write over what the watchdog wrote', () => {
  const { dir, config, open } = session()
  let hung = false
  const note = open(() => hung)
  note.evaluates([config])
  writeNote(path.join(dir, NOTE), caught(readNote(path.join(dir, NOTE))))
  hung = true
  note.loaded()
  note.evaluates([config]) // another request for the same styles
  assert.match(String(open().blocks(config)), /it hung/)
  note.hung()
  assert.match(String(open().blocks(config)), /it hung/)
})

test('a batch is at work until it ends, however it ends', async () => {
  const { dir, open } = session()
  const note = open()
  const atWork = () => readNote(path.join(dir, NOTE)).atWork
  await assert.rejects(note.during(async () => {
    assert.equal(atWork(), true)
    throw new Error('it fails')
  }), /it fails/)
  assert.equal(atWork(), false)
})

test('whatever session code makes of the note, the next process starts', () => {
  const { dir, open } = session()
  const file = path.join(dir, NOTE)
  for (const text of ['', '{', 'null', '{"loading":1}', '{"loading":{},"inUse":{},"atWork":true,"blocked":[7],"strike":null}', 'x'.repeat(100_000)]) {
    fs.writeFileSync(file, text)
    assert.deepEqual(open().note, emptyNote())
  }
  fs.rmSync(file)
  fs.symlinkSync('/dev/zero', file)
  assert.deepEqual(open().note, emptyNote())
  fs.rmSync(file)
  fs.mkdirSync(file)
  open().keep()
  assert.deepEqual(open().note, emptyNote())
})
