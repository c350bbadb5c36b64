import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canServe, forgetModules, inside, isRemembered } from '../src/standIn.js'

const layout = { root: 'src/frontend', entry: 'src/index.tsx', index: /** @type {const} */ ('synthesised'), mount: false }

test('the same root is served on, whatever its entry and page', () => {
  assert.ok(canServe(layout, { ...layout, entry: 'src/main.jsx', index: 'project' }))
  assert.ok(canServe(layout, { ...layout, entry: null }))
})

test('another root, or a mounted component, needs a server of its own', () => {
  assert.ok(!canServe(layout, { ...layout, root: '' }))
  assert.ok(!canServe(layout, { ...layout, mount: true }))
  assert.ok(!canServe(null, layout))
})

test('what Vite remembers beside its graph is told to it', () => {
  for (const file of ['src/frontend/package.json', 'src/frontend/tsconfig.app.json', 'jsconfig.json', 'src/frontend/public/a/logo.svg']) assert.ok(isRemembered(file), file)
  for (const file of ['src/frontend/src/App.tsx', 'src/frontend/src/data.json', 'republic/x']) assert.ok(!isRemembered(file), file)
})

test('a folder is not inside its neighbour of the same beginning', () => {
  assert.ok(inside('/a/b')('/a/b/c'))
  assert.ok(!inside('/a/b')('/a/bc'))
  assert.ok(!inside('/a/b')(null))
})

test('nothing of a forgotten module is left in the graph, and nothing else is lost', () => {
  /** @param {string} url @param {string} file @returns {any} */
  const mod = (url, file) => ({ url, file, importers: new Set() })
  const [gone, kept, asset] = [mod('/src/a.js', '/tree/a.js'), mod('/deps/react.js', '/deps/react.js'), mod('/@fs/tree/b.md', '/tree/b.md')]
  kept.importers.add(gone)
  /** @type {any} */
  const graph = {
    urlToModuleMap: new Map([[gone.url, gone], [kept.url, kept]]),
    idToModuleMap: new Map([[gone.file, gone], [kept.file, kept]]),
    etagToModuleMap: new Map([['e', gone], ['f', kept]]),
    fileToModulesMap: new Map([[gone.file, new Set([gone])], [kept.file, new Set([kept])], [asset.file, new Set([asset])]]),
    _unresolvedUrlToModuleMap: new Map(/** @type {[string, any][]} */ ([['./a', gone], ['react', kept], ['./missing', Promise.resolve()]])),
    _hasResolveFailedErrorModules: new Set([gone]),
  }
  forgetModules(graph, (m) => inside('/tree')(m.file))
  assert.deepEqual([...graph.urlToModuleMap.values()], [kept])
  assert.deepEqual([...graph.idToModuleMap.values()], [kept])
  assert.deepEqual([...graph.etagToModuleMap.values()], [kept])
  assert.deepEqual([...graph.fileToModulesMap.keys()], [kept.file])
  assert.deepEqual([...graph._unresolvedUrlToModuleMap.values()], [kept])
  assert.equal(graph._hasResolveFailedErrorModules.size, 0)
  assert.equal(kept.importers.size, 0)
})
