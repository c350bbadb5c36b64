import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plan } from '../src/packages/plan.js'

const CATALOGUE = new Map([['react', '18.2.0'], ['react-dom', '18.2.0'], ['lucide-react', '0.460.0'], ['zod', '3.23.8'], ['tailwindcss', '3.4.16']])

/** @param {string[]} imports @param {Record<string, string>} [manifest] */
function planned(imports, manifest = {}) {
  const made = plan({
    imports: new Map(imports.map((name) => [name, 'src/App.tsx'])),
    manifest: new Map(Object.entries(manifest)),
    catalogued: (name) => CATALOGUE.get(name) ?? null,
  })
  return { ...made, install: Object.fromEntries(made.install), refused: [...made.refused.keys()], codes: made.warnings.map(({ code }) => code) }
}

test('what the catalogue has in a version that will do is not installed', () => {
  const made = planned(['react', 'zod'], { react: '^18.0.0', zod: '^3.0.0' })
  assert.deepEqual([made.install, made.codes], [{}, []])
})

test('what the catalogue has and the manifest lacks is added, and its importer is named', () => {
  const made = planned(['zod'])
  assert.deepEqual([made.install, made.added], [{}, ['zod']])
  assert.deepEqual(made.warnings.map(({ code, path }) => [code, path]), [['MISSING_DEPENDENCY_ADDED', 'src/App.tsx']])
  assert.match(made.warnings[0]?.message ?? '', /3\.23\.8/)
})

test('what nobody has is installed in its newest version, and is added too', () => {
  const made = planned(['canvas-confetti'])
  assert.deepEqual([made.install, made.codes], [{ 'canvas-confetti': 'latest' }, ['MISSING_DEPENDENCY_ADDED']])
})

test('what the manifest lists is installed as it says', () => {
  const made = planned(['canvas-confetti'], { 'canvas-confetti': '^1.9.0' })
  assert.deepEqual([made.install, made.codes], [{ 'canvas-confetti': '^1.9.0' }, []])
})

test('a manifest entry that nothing imports costs nothing', () => {
  const made = planned([], { three: '^0.160.0', react: '^19.0.0', bad: 'file:../x' })
  assert.deepEqual([made.install, made.codes, made.refused], [{}, [], []])
})

test('another version of the same major is the catalogue\'s, with a warning', () => {
  const made = planned(['react', 'lucide-react'], { react: '^18.3.0', 'lucide-react': '^0.500.0' })
  assert.deepEqual([made.install, made.codes], [{}, ['DEPENDENCY_VERSION_REPLACED', 'DEPENDENCY_VERSION_REPLACED']])
})

test('another major is installed', () => {
  assert.deepEqual(planned(['zod'], { zod: '^4.0.0' }).install, { zod: '^4.0.0' })
})

test('an older major is installed', () => {
  assert.deepEqual(planned(['zod'], { zod: '^2.0.0' }).install, { zod: '^2.0.0' })
})

test('React and its renderer are always of one version', () => {
  assert.deepEqual(planned(['react', 'react-dom'], { react: '^19.0.0', 'react-dom': '^19.0.0' }).install, { react: '^19.0.0', 'react-dom': '^19.0.0' })
  assert.deepEqual(planned(['react'], { react: '^19.0.0' }).install, { react: '^19.0.0', 'react-dom': '^19.0.0' })
  const mixed = planned(['react', 'react-dom'], { react: '^19.0.0', 'react-dom': '^18.3.0' })
  assert.deepEqual(mixed.install, { react: '^19.0.0', 'react-dom': '^19.0.0' })
  assert.deepEqual(mixed.codes, ['DEPENDENCY_VERSION_REPLACED'])
  assert.deepEqual(planned(['react', 'react-dom'], { react: '^18.2.0', 'react-dom': '^17.0.0' }).install, { react: '^17.0.0', 'react-dom': '^17.0.0' })
})

test('latest is what the platform team chose, another tag is told', () => {
  assert.deepEqual(planned(['react'], { react: 'latest' }).codes, [])
  const next = planned(['react'], { react: 'next' })
  assert.deepEqual([next.install, next.codes], [{}, ['DEPENDENCY_VERSION_REPLACED']])
  assert.deepEqual(planned(['three'], { three: 'next' }).install, { three: 'next' })
})

test('an alias is installed under its name, even where the catalogue has one', () => {
  assert.deepEqual(planned(['zod'], { zod: 'npm:@fork/zod@^3' }).install, { zod: 'npm:@fork/zod@^3' })
})

test('React under an alias does not drag its renderer along', () => {
  assert.deepEqual(planned(['react', 'react-dom'], { react: 'npm:@preact/compat@*' }).install, { react: 'npm:@preact/compat@*' })
})

test('what is to come from elsewhere than the registry is refused; the catalogue\'s stands in', () => {
  const made = planned(['inner', 'zod'], { inner: 'file:../inner', zod: 'git+https://host/zod.git' })
  assert.deepEqual([made.install, made.refused, made.codes], [{}, ['inner'], ['DEPENDENCY_REFUSED', 'DEPENDENCY_REFUSED']])
})

test('a member of a workspace is the newest of the registry', () => {
  assert.deepEqual(planned(['three'], { three: 'workspace:*' }).install, { three: 'latest' })
})

test('the dev server\'s own packages are never installed', () => {
  const made = planned(['tailwindcss', '@tailwindcss/vite', 'postcss', 'vite'], { tailwindcss: '^4.0.0' })
  assert.deepEqual([made.install, made.codes], [{}, []])
})

test('a session installs so many packages and no more', () => {
  const made = planned(Array.from({ length: 105 }, (_, index) => `made-up-${index}`))
  assert.equal(Object.keys(made.install).length, 100)
  assert.equal(made.refused.length, 5)
})
