// An owner's answer to a challenge (protocol.md 5.11): made with the owner's key, and checked by whoever asked.

/**
 * Check an answer to one's own challenge.
 *
 * @param {string} text   the answer, JSON
 * @param {{challenge: string, domain: string, now: number, maxAge?: number}} asked   now in seconds UTC; maxAge in seconds (300)
 * @returns {{holder: string, answered: number, transferTo?: string, certificate: string}}  certificate is JSON, to be judged in its turn
 * @throws {Refused} presentation-… and the codes of the certificate
 */

/**
 * Answer a challenge.
 *
 * @param {Uint8Array} seed   of the owner's key (made from the code by the owner code's module)
 * @param {string} certificate   JSON
 * @param {{challenge: string, domain: string, now: number, transferTo?: string}} asked
 * @returns {string} the answer, JSON as `stall owner prove` writes it
 * @throws {Refused} what check would throw
 */
export {};
