/** What a stylesheet imports by name. Pure. */

const COMMENT = /\/\*.*?\*\//gs
const IMPORT = /@(?:import|plugin|reference)\s+(?:url\(\s*)?(["'])([^"']+)\1/g
const BARE = /^(?:@[^/]+\/)?[^./~#:@][^:]*$/

/** @param {string} text @returns {string[]} specifiers that may be a package's, as they stand */
export function stylesheetImports(text) {
  return [...text.replace(COMMENT, '').matchAll(IMPORT)].map((found) => found[2] ?? '').filter((specifier) => BARE.test(specifier))
}
