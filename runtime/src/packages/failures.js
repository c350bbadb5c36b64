/** Why a package is not there, said to whoever imports it. Pure. */

/** @typedef {import('./report.js').Failure} Failure */

/** @param {string} name @param {string} asked what pnpm was given @param {Failure} failure @returns {string} */
export function sentence(name, asked, { kind, code }) {
  if (kind === 'missing') {
    return `The package "${name}" (${asked}) is not in the npm registry: check the name in the import and the version in package.json.`
  }
  const why = kind === 'network' ? 'the npm registry does not answer in time' : `pnpm says ${code}`
  return `The package "${name}" could not be installed: ${why}. The next update of a file that imports it tries again.`
}

/** @param {string} name */
export const notHere = (name) => `The package "${name}" is not among those of this preview, and it has no npm registry to install more from.`
