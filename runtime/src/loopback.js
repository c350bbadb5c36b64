/** Where this process reaches a server of its own, whatever that is bound to. */
import net from 'node:net'

/** @typedef {{address: string, family: number}} Address */

/**
 * @param {string} bound address that the server listens on
 * @returns {Address[]} to be tried in this order
 */
export function reachable(bound) {
  // `::` takes IPv4 too, unless an inherited socket says otherwise; and a machine may have no `::1` in spite of it.
  const addresses = bound === '::' ? ['::1', '127.0.0.1'] : [bound === '0.0.0.0' ? '127.0.0.1' : bound]
  return addresses.map((address) => ({ address, family: net.isIP(address) }))
}

/**
 * A `lookup` for `net.connect`: Node tries the addresses until one answers.
 * @param {Address[]} addresses @returns {net.LookupFunction}
 */
export function lookup(addresses) {
  return (_name, options, found) => {
    const [first] = addresses
    if (options.all) found(null, addresses)
    else if (first) found(null, first.address, first.family)
    else found(new Error('the preview listens nowhere'), '')
  }
}
