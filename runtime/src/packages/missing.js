/** Which import an error is about. Pure. */

/** Vite's import analysis, its CSS, Tailwind's and PostCSS's own resolvers, Node's `require` and `import`. */
const SAYINGS = [
  /Failed to resolve import "([^"]+)"/,
  /Unable to resolve `@import "([^"]+)"`/,
  /ENOENT: no such file or directory, open '([^'/\\.][^']*)'/,
  /Failed to find '([^']+)'/,
  /Can't resolve '([^']+)'/,
  /Cannot find (?:module|package) '([^']+)'/,
]

/** @param {string} message @returns {string|null} the specifier that nothing was found for */
export function missingIn(message) {
  for (const saying of SAYINGS) {
    const found = saying.exec(message)
    if (found) return found[1] ?? null
  }
  return null
}
