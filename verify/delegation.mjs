// Delegations (protocol.md 5.2).
import { b64 } from "./bytes.mjs";
import { readDid, thumbprint } from "./keys.mjs";
import * as m from "./members.mjs";
import { need } from "./refused.mjs";
import { open } from "./token.mjs";

const members = m.document({
  iss: m.did, sub: m.did,
  cnf: m.object({ jwk: m.object({ kty: m.choice("OKP"), crv: m.choice("Ed25519"), x: m.b43 }) }),
  jti: m.id22, seq: m.count, iat: m.time, nbf: m.time, exp: m.time,
  role: m.choice("box", "cloud", "signer"),
  cap: m.list(1, Infinity, m.choice("receipt", "cert", "badge", "log", "cosign", "decline", "lease", "manifest")),
  drops: m.list(1, Infinity, m.dropOrStar),
  "max?": m.object({ cur: m.currency, sale: m.amount, stored_total: m.amount, stored_age_h: m.int(0, 8760) }),
  "hw?": m.b43, "name?": m.text,
});
const CAPS = { box: ["receipt", "cert", "badge", "log"], cloud: ["cosign", "decline", "lease"], signer: ["manifest"] };

/** The claims of a delegation that one of `keys` (of creators) signed. */
export function delegation(token, keys) {
  const { kid, claims: c } = open(token, "delegation", keys);
  members(c);
  const sub = readDid(c.sub), iss = readDid(c.iss), { role, cap, drops } = c;
  need(c.cnf.jwk.x === b64(sub), "delegation-key");
  need(c.sub !== c.iss, "delegation-self");
  need(cap.every((x) => CAPS[role].includes(x)) && new Set(cap).size === cap.length, "delegation-role");
  need(new Set(drops).size === drops.length && (!drops.includes("*") || drops.length === 1), "delegation-drops");
  need("max" in c === (role === "box"), "delegation-max");
  const span = c.exp - c.nbf;
  need(span > 0 && span <= (role === "box" ? 120 : 400) * 86400 && c.iat < c.exp, "delegation-lifetime");
  need(kid === thumbprint(iss), "delegation-wrong-signer");
  return c;
}

/** Refuse unless the delegation (its claims) has the cap, names the drop (undefined: any) and is in force at the time. */
export function grants(c, cap, drop, time) {
  need(c.cap.includes(cap), "delegation-cap");
  need(drop === undefined || c.drops.includes("*") || c.drops.includes(drop), "delegation-drop");
  need(c.nbf <= time && time <= c.exp, "delegation-time");
}
