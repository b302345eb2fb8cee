// Who signed a certificate or badge, and by whose leave: what both have in common (protocol.md 5.5, 5.10).
import { delegation, grants } from "./delegation.mjs";
import { readDid, trusting } from "./keys.mjs";
import { need } from "./refused.mjs";

/**
 * Check that `creator` let `issuer` (dids) sign at `time`, by the token of a delegation; none is needed where they are one.
 *
 * @returns {object|undefined} the delegation's claims
 */
export function checkChain(issuer, creator, token, cap, drop, time) {
  const own = issuer === creator;
  need(own || token !== undefined, "certificate-no-delegation");
  const key = readDid(creator);
  if (token === undefined) return undefined;
  const used = delegation(token, trusting(key));
  need(own || used.sub === issuer, "certificate-wrong-delegate");
  grants(used, cap, drop, time);
  return used;
}
/** It held no later than it was signed, and a box signed while its delegation ran. */
export function checkTimes(from, created, used, issuer) {
  need(1577836800 <= from && from <= created && created <= 4102444800, "certificate-time");
  need(used?.sub !== issuer || created <= used.exp, "certificate-time");
}
