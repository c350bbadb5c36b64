import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { declared, packagesBelow, packagesIn, reachable } from '../src/hints.js'

test('static imports name packages, whatever their shape', () => {
  const code = `
import React from 'react'
import 'normalize.css'
import * as d3 from "d3"
import {
  a,
  b,
} from '@scope/name/sub'
export { c } from 'c'
`
  assert.deepEqual(packagesIn(code), ['react', 'normalize.css', 'd3', '@scope/name/sub', 'c'])
})

test('what a page may never load is not named', () => {
  const code = `
import type { T } from 'types-only'
import x from './local'
import y from '/absolute'
import z from '@/aliased'
const lazy = () => import('lazy')
// import 'commented'
`
  assert.deepEqual(packagesIn(code), [])
})

test('only source files are looked at, and none is fine', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hints-'))
  fs.mkdirSync(path.join(dir, 'a'))
  fs.writeFileSync(path.join(dir, 'a', 'one.tsx'), "import 'one'")
  fs.writeFileSync(path.join(dir, 'two.md'), "import 'two'")
  assert.deepEqual([...packagesBelow(dir)], [['one', path.join(dir, 'a/one.tsx')]])
  assert.deepEqual([...packagesBelow(path.join(dir, 'absent'))], [])
})

/** @param {string} url @param {string} code @param {any[]} importedModules @param {number} [time] */
const mod = (url, code, importedModules, time = 0) => ({ url, transformResult: code ? { code } : null, importedModules: new Set(importedModules), lastHMRTimestamp: time })
/** @param {any[]} mods */
const graphOf = (...mods) => /** @type {any} */ ({ urlToModuleMap: new Map(mods.map((m) => [m.url, m])) })

test('the graph is told as far as it is known, and only what is imported statically', () => {
  const [leaf, lazy, unknown] = [mod('/leaf.js', 'x', []), mod('/lazy.js', 'x', []), mod('/unknown.js', '', [])]
  const entry = mod('/entry.js', 'import "/leaf.js";\nimport u from "/unknown.js";\nconst l = () => import("/lazy.js")', [leaf, lazy, unknown])
  assert.deepEqual(reachable(graphOf(entry, leaf, lazy, unknown), ['/entry.js']), ['/entry.js', '/leaf.js', '/unknown.js'])
})

test('an image that is imported is no module under its own URL', () => {
  const picture = mod('/logo.svg', '', [])
  const graph = /** @type {any} */ ({ urlToModuleMap: new Map([['/logo.svg', picture], ['/a.js', mod('/a.js', 'import logo from "/logo.svg?import"', [picture])]]) })
  assert.deepEqual(reachable(graph, ['/a.js']), ['/a.js'])
})

test('a module is named as its importer names it: with the time of its last change', () => {
  const changed = mod('/changed.js', 'import "/below.js"', [mod('/below.js', 'x', [])], 42)
  const entry = mod('/entry.js', 'import a from "/changed.js?t=42"', [changed])
  const graph = graphOf(entry, changed, mod('/below.js', 'x', []))
  assert.deepEqual(reachable(graph, ['/entry.js']), ['/entry.js', '/changed.js?t=42', '/below.js'])
})

test('modules that import each other come to an end', () => {
  const [a, b] = [mod('/a.js', 'import "/b.js"', []), mod('/b.js', 'import "/a.js"', [])]
  a.importedModules.add(b)
  b.importedModules.add(a)
  assert.deepEqual(reachable(graphOf(a, b), ['/a.js']), ['/a.js', '/b.js'])
})

test('declared is what sources import, now or later, and the manifest has', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hints-'))
  fs.mkdirSync(path.join(dir, 'src'))
  fs.writeFileSync(path.join(dir, 'src/App.tsx'), "import one from 'one/part'\nconst later = () => import('@a/two')\nimport three from 'three'\n")
  const manifest = new Map([['one', '^1'], ['@a/two', '*'], ['unused', '*']])
  assert.deepEqual([...declared(path.join(dir, 'src'), manifest, dir)].sort(), [['@a/two', 'src/App.tsx'], ['one', 'src/App.tsx']])
})
