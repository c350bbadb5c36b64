import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { NOTE } from '../src/crashNote.js'
import { prepare } from '../src/sessionFolder.js'

const CATALOGUE = '/catalogue'
const newFolder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'session-'))
/** @param {string} dir */
const contents = (dir) => fs.readdirSync(dir, { recursive: true }).sort()

test('an empty folder is laid out', () => {
  const dir = newFolder()
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(dir), ['files', 'node_modules'])
  assert.equal(fs.readlinkSync(path.join(dir, 'node_modules')), '/catalogue/node_modules')
})

test('after a restart on the same volume nothing is left of what was there', () => {
  const dir = newFolder()
  prepare(dir, CATALOGUE)
  fs.mkdirSync(path.join(dir, 'files/src'))
  fs.writeFileSync(path.join(dir, 'files/src/App.tsx'), 'old')
  fs.writeFileSync(path.join(dir, 'package.json'), 'session code wrote this')
  fs.rmSync(path.join(dir, 'node_modules'))
  fs.mkdirSync(path.join(dir, 'node_modules/react'), { recursive: true })
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(dir), ['files', 'node_modules'])
})

test('the mount point itself stays as it is', () => {
  const dir = newFolder()
  fs.chmodSync(dir, 0o3770)
  const before = fs.statSync(dir)
  prepare(dir, CATALOGUE)
  prepare(dir, CATALOGUE)
  const after = fs.statSync(dir)
  assert.deepEqual([after.ino, after.mode, after.uid, after.gid], [before.ino, before.mode, before.uid, before.gid])
})

test('what a link of the session points at is left alone', () => {
  const [dir, elsewhere] = [newFolder(), newFolder()]
  fs.writeFileSync(path.join(elsewhere, 'precious'), '')
  prepare(dir, CATALOGUE)
  fs.symlinkSync(elsewhere, path.join(dir, 'files/link'))
  fs.symlinkSync(elsewhere, path.join(dir, 'link'))
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(elsewhere), ['precious'])
})

test('a folder of somebody else is refused and left alone', () => {
  const dir = newFolder()
  fs.writeFileSync(path.join(dir, 'thesis.txt'), '')
  assert.throws(() => prepare(dir, CATALOGUE), /KP_SESSION_DIR/)
  assert.deepEqual(contents(dir), ['thesis.txt'])
})

test('the lost+found of a file system of its own is nobody\'s', () => {
  const dir = newFolder()
  fs.mkdirSync(path.join(dir, 'lost+found'))
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(dir), ['files', 'lost+found', 'node_modules'])
})

test('the note of the last process stays, and tells the folder from another when session code removed the tree', () => {
  const dir = newFolder()
  fs.writeFileSync(path.join(dir, NOTE), '{}')
  fs.writeFileSync(path.join(dir, 'left'), '')
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(dir), [NOTE, 'files', 'node_modules'])
})

test('what only has the name of a note goes', () => {
  const dir = newFolder()
  fs.mkdirSync(path.join(dir, NOTE, 'x'), { recursive: true })
  prepare(dir, CATALOGUE)
  assert.deepEqual(contents(dir), ['files', 'node_modules'])
})
