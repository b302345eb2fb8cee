// Delegations (protocol.md 5.2).
import { b64, need, readDid, thumbprint } from "./codec.mjs";
import { open } from "./token.mjs";
import * as m from "./members.mjs";

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

export function delegation(token, trusted) {
  const { kid, claims: c } = open(token, "stall-delegation+jwt", trusted);
  members(c);
  const sub = readDid(c.get("sub")), iss = readDid(c.get("iss"));
  need(c.get("cnf").get("jwk").get("x") === b64(sub), "delegation-key");
  need(c.get("sub") !== c.get("iss"), "delegation-self");
  const role = c.get("role"), cap = c.get("cap"), drops = c.get("drops");
  need(cap.every((x) => CAPS[role].includes(x)) && new Set(cap).size === cap.length, "delegation-role");
  need(new Set(drops).size === drops.length && (!drops.includes("*") || drops.length === 1), "delegation-drops");
  need(c.has("max") === (role === "box"), "delegation-max");
  const span = c.get("exp") - c.get("nbf");
  need(span > 0 && span <= (role === "box" ? 120 : 400) * 86400 && c.get("iat") < c.get("exp"), "delegation-lifetime");
  need(kid === thumbprint(iss), "delegation-wrong-signer");
  return c;
}

/** Used for a document of this drop at this time. */
export function grants(c, cap, drop, time) {
  need(c.get("cap").includes(cap), "delegation-cap");
  need(c.get("drops").includes("*") || c.get("drops").includes(drop), "delegation-drop");
  need(c.get("nbf") <= time && time <= c.get("exp"), "delegation-time");
}
