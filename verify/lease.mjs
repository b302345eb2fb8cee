// Leases and what is given back of them (protocol.md 5.3, 5.7).
import * as m from "./members.mjs";
import { need } from "./refused.mjs";
import { open } from "./token.mjs";

const members = m.document({
  iss: m.b43, sub: m.b43, jti: m.id22, iat: m.time, exp: m.time, drop: m.dropId, man: m.b43, epoch: m.id22,
  lease_seq: m.ordinal, ranges: m.ranges(0), "ckpt?": m.object({ size: m.count, root: m.b43 }),
});
/** The claims of a lease; whether its signer may lease is for its delegation to say. */
export function lease(token, keys) {
  const { kid, claims: c } = open(token, "lease", keys);
  members(c);
  const life = c.exp - c.iat;
  need(life > 0 && life <= 30 * 86400, "lease-lifetime");
  need(m.ascending(c.ranges), "lease-ranges");
  need(kid === c.iss, "lease-wrong-signer");
  return c;
}

const returned = m.document({
  iss: m.b43, jti: m.id22, iat: m.time, clk: m.clock, epoch: m.id22, seq: m.count, drop: m.dropId, ranges: m.ranges(1),
});
/** The claims of a lease return. */
export function leaseReturn(token, keys) {
  const { kid, claims: c } = open(token, "lease-return", keys);
  returned(c);
  need(m.ascending(c.ranges), "lease-return-ranges");
  need(kid === c.iss, "lease-return-wrong-signer");
  return c;
}
