/**
 * Which Tailwind a stylesheet is written for. Pure but for the reading of what it imports.
 *
 * The two majors share `@apply`, `@config`, `theme()` and `@tailwind utilities`; each has words that the other does not
 * know, and those decide. Generated projects often name one major in their manifest and write the other: what the
 * stylesheet says counts, because with the other one it renders nothing.
 */

/** @typedef {3|4} Major */

const ONLY_3 = /@tailwind\s+(base|components|variants|screens)\b|@import\s+(url\()?["']tailwindcss\/(base|components|variants|screens)(\.css)?["']|@(variants|responsive|screen)\b/
const ONLY_4 = /@(theme|utility|source|plugin|reference|custom-variant|variant)\b|--(alpha|spacing)\(/
/** Nothing of Tailwind 3 can be imported by these names. */
const IMPORT_4 = /@import\s+(url\()?["']tailwindcss(\/(index|preflight|theme)(\.css)?)?["']/
const EITHER = /@tailwind\s+utilities\b|@import\s+(url\()?["']tailwindcss\/utilities(\.css)?["']|@(apply|config)\b|\btheme\(/
const IMPORT = /@import\s+(?:url\()?\s*["']([^"']+)["']/g
const COMMENT = /\/\*[^]*?\*\//g
/** Deeper than any project imports its stylesheets; ends a circle that a reader cannot see. */
const DEPTH_LIMIT = 10

/**
 * @param {string} css @param {Major} major of the project's manifest: decides what fits both
 * @param {(id: string, depth: number) => Major|null} imported the dialect of a stylesheet that this one imports
 * @param {number} [depth] of imports above this stylesheet
 * @returns {Major|null} null: Tailwind has no part in it
 */
export function dialectOf(css, major, imported, depth = 0) {
  const text = css.replace(COMMENT, '')
  if (IMPORT_4.test(text)) return 4
  const [three, four] = [ONLY_3.test(text), ONLY_4.test(text)]
  // `@tailwind base` beside `@theme`: 4 does nothing for the first, 3 leaves the second in the page.
  if (three && four) return major
  if (three) return 3
  if (four) return 4
  if (depth < DEPTH_LIMIT) {
    for (const [, id] of text.matchAll(IMPORT)) {
      const found = imported(/** @type {string} */ (id), depth + 1)
      if (found !== null) return found
    }
  }
  return EITHER.test(text) ? major : null
}

/**
 * @param {string|null} manifest text of package.json
 * @returns {Major} 4 when it asks for it in any of its ways, 3 for everything else
 */
export function majorOf(manifest) {
  const { dependencies, devDependencies } = parse(manifest)
  const all = { ...dependencies, ...devDependencies }
  if ('@tailwindcss/vite' in all || '@tailwindcss/postcss' in all) return 4
  if (!('tailwindcss' in all)) return 3
  const first = /\d+/.exec(String(all.tailwindcss))?.[0]
  // `latest`, `*`
  return first === undefined || Number(first) >= 4 ? 4 : 3
}

/** @param {string|null} manifest @returns {{dependencies?: Record<string, unknown>, devDependencies?: Record<string, unknown>}} */
function parse(manifest) {
  try {
    const parsed = JSON.parse(manifest ?? '{}')
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch (error) {
    // A manifest that is no JSON says nothing; whoever installs from it reports it.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
