/**
 * Where Tailwind 4 looks for class names. Its own way, "everything that Git does not ignore", depends on the machine: a
 * session's folder may lie in a repository that ignores it, and holds Vite's dependency cache. Patterns with file
 * endings are taken as they are, whatever a .gitignore says, so everything becomes such a pattern.
 */
import fs from 'node:fs'
import path from 'node:path'

/** @typedef {{base: string, pattern: string, negated: boolean}} Source */

const FILES = '**/*.{html,htm,js,jsx,mjs,cjs,ts,tsx,mts,cts,md,mdx,json,vue,svelte,astro,txt}'
const PACKAGES = 'node_modules/'

/**
 * @param {{root: null|'none'|{base: string, pattern: string}, sources: Source[]}} compiled what a stylesheet says
 * @param {string} root absolute Vite root
 * @returns {Source[]}
 */
export function scanSources({ root: automatic, sources }, root) {
  /** @type {Source[]} */
  const found = []
  if (automatic === null) found.push({ base: root, pattern: FILES, negated: false })
  else if (automatic !== 'none') found.push({ ...automatic, negated: false })
  return [
    ...[...found, ...sources].map((source) => explicit(source, root)),
    { base: root, pattern: '**/.kontext-preview*/**', negated: true },
  ]
}

/** @param {Source} source @param {string} root @returns {Source} */
function explicit(source, root) {
  const { base, pattern } = inPackages(source, root)
  if (source.negated) return { base, pattern, negated: true }
  const open = pattern.replace(/\/?\*\*(\/\*)?$/, '')
  const isFolder = open !== pattern || fs.statSync(path.resolve(base, pattern), { throwIfNoEntry: false })?.isDirectory()
  return { base, pattern: isFolder ? path.posix.join(open || '.', FILES) : pattern, negated: false }
}

/** A session's packages are above its files, not where a stylesheet expects them. @param {Source} source @param {string} root @returns {Source} */
function inPackages(source, root) {
  const at = source.pattern.indexOf(PACKAGES)
  if (at < 0) return source
  for (let folder = root; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const packages = path.join(folder, PACKAGES)
    if (fs.existsSync(packages)) return { ...source, base: fs.realpathSync(packages), pattern: './' + source.pattern.slice(at + PACKAGES.length) }
  }
  return source
}
