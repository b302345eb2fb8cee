// The delegation: docs/protocol.md 5.2.

import { fromBase64url, keyOfDid, thumbprint } from "./keys.mjs";
import * as m from "./members.mjs";
import { refuse } from "./refusal.mjs";
import { open } from "./token.mjs";

const DAY = 86400;
const LIFE = { box: 120 * DAY, cloud: 400 * DAY, signer: 400 * DAY };
const CAPS = { box: ["receipt", "cert", "badge", "log"], cloud: ["cosign", "decline", "lease"], signer: ["manifest"] };
const SHAPE = m.object({
  iss: m.did,
  sub: m.did,
  cnf: m.object({ jwk: m.object({ kty: m.choice("OKP"), crv: m.choice("Ed25519"), x: m.b43 }) }),
  jti: m.id22,
  seq: m.count,
  iat: m.time,
  nbf: m.time,
  exp: m.time,
  role: m.choice("box", "cloud", "signer"),
  cap: m.list(m.choice(...Object.values(CAPS).flat()), 1, Infinity),
  drops: m.list(m.text(/^(\*|[a-z0-9-]{3,64})$/), 1, Infinity),
  "max?": m.object({ cur: m.currency, sale: m.amount, stored_total: m.amount, stored_age_h: m.number(0, 8760) }),
  "hw?": m.b43,
  "name?": m.words(200),
});

export function verify(token, trusted) {
  const { claims, kid } = open(token, "stall-delegation+jwt", trusted);
  m.check(claims, SHAPE);
  const given = Object.fromEntries(claims);
  const delegate = keyOfDid(given.sub);
  const creator = keyOfDid(given.iss);
  if (!fromBase64url(given.cnf.get("jwk").get("x")).equals(delegate)) refuse("delegation-key");
  if (given.sub === given.iss) refuse("delegation-self");
  if (given.cap.some((cap) => !CAPS[given.role].includes(cap)) || repeats(given.cap)) refuse("delegation-role");
  if (repeats(given.drops) || (given.drops.includes("*") && given.drops.length > 1)) refuse("delegation-drops");
  if ((given.role === "box") !== (given.max !== undefined)) refuse("delegation-max");
  const life = given.exp - given.nbf;
  if (life <= 0 || life > LIFE[given.role] || given.exp <= given.iat) refuse("delegation-lifetime");
  if (kid !== thumbprint(creator)) refuse("delegation-wrong-signer");
  return given;
}

export function checkUse(given, cap, drop, at) {
  if (!given.cap.includes(cap)) refuse("delegation-cap");
  if (!given.drops.includes(drop) && !given.drops.includes("*")) refuse("delegation-drop");
  if (at < given.nbf || at > given.exp) refuse("delegation-time");
}

function repeats(values) {
  return new Set(values).size !== values.length;
}
