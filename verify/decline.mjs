// Declines of stored payments (protocol.md 5.8).
import { grants } from "./delegation.mjs";
import { kidOf } from "./keys.mjs";
import * as m from "./members.mjs";
import { need } from "./refused.mjs";
import { open } from "./token.mjs";

const members = m.document({
  iss: m.b43, jti: m.id22, iat: m.time, box: m.b43, ref: m.id22, rcpt: m.b43, pay: m.int(0, 3), cur: m.currency,
  minor: m.int(1, 1e9), reason: m.text, "items?": m.list(1, 200, m.object({ drop: m.dropId, "ed?": m.number })),
});
/** The claims of a decline; whether its signer may decline, `checkDecliner` says. */
export function decline(token, keys) {
  const { kid, claims: c } = open(token, "decline", keys);
  members(c);
  need(c.iss !== c.box, "decline-own");
  need(!m.twice(c.items ?? [], (i) => `${i.drop} ${i.ed ?? ""}`), "decline-item-twice");
  need(kid === c.iss, "decline-wrong-signer");
  return c;
}
/** Rules 4 and 5: the creator's delegation (its claims) lets the signer decline payments for this drop. */
export function checkDecliner(c, delegation, drop) {
  need(kidOf(delegation.sub) === c.iss, "decline-no-delegation");
  grants(delegation, "decline", drop, c.iat);
}
