/**
 * Which open pages somebody may be looking at: those that have just been opened, or have said lately that they are shown.
 * Times are epoch milliseconds, passed in.
 */
import { AGAIN_MS } from './visibleScript.js'

/** Two signs may be lost; a page that still loads has said nothing yet. */
export const SIGN_MS = 2.5 * AGAIN_MS

/** @template {object} Socket */
export class Onlookers {
  /** @type {Map<Socket, number>} until when each counts */
  #until = new Map()

  /** @param {Socket} socket @param {number} now */
  opened(socket, now) {
    this.#until.set(socket, now + SIGN_MS)
  }

  /** What a page says of itself; one that is gone says nothing. @param {Socket} socket @param {boolean} visible @param {number} now */
  told(socket, visible, now) {
    if (this.#until.has(socket)) this.#until.set(socket, visible ? now + SIGN_MS : now)
  }

  /** @param {Socket} socket */
  closed(socket) {
    this.#until.delete(socket)
  }

  /** @param {number} now */
  count(now) {
    return [...this.#until.values()].filter((until) => until > now).length
  }
}
