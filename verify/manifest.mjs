// Manifests (protocol.md 5.1).
import { canonicalBytes } from "./json.mjs";
import { delegation, grants } from "./delegation.mjs";
import { kidOf, readDid, thumbprint } from "./keys.mjs";
import * as m from "./members.mjs";
import { checkPaths } from "./paths.mjs";
import { need, refuse } from "./refused.mjs";
import { open } from "./token.mjs";

const members = m.document({
  iss: m.did, jti: m.id22, iat: m.time, exp: m.time, ver: m.ordinal, "prev?": m.b43,
  drop: m.object({
    id: m.dropId, title: m.text, kind: m.choice("free", "limited", "timed", "open"),
    window: m.object({ nbf: m.time, exp: m.time }), licence: m.text, "edition?": m.number, "cover_sha256?": m.hex,
    "listing?": m.object({ desc: m.longText, lang: m.lang }),
  }),
  price: m.list(0, 20, m.object({ cur: m.currency, minor: m.amount, "cohort?": m.text })),
  files: m.list(1, 5000, m.object({
    path: m.anything, size: m.int(0, 2 ** 40), sha256: m.hex, type: m.text, "role?": m.choice("main", "sample", "bonus"),
  })),
  "alloc?": m.list(0, 1000, m.object({ box: m.b43OrStar, lo: m.number, hi: m.number })),
  "limits?": m.object({
    "per_buyer?": m.int(1, 100000), "max_devices?": m.int(1, 10), "max_downloads?": m.int(1, 50), "code_ttl_s?": m.int(600, 604800),
  }),
  "revoked?": m.list(0, 1000, m.object({ kind: m.choice("box", "cert", "lease"), ref: m.b43, at: m.time })),
  "ext?": m.anyObject,
});

/**
 * The claims of a manifest. `keys` holds the creator's; of a manifest that a signer signed also the signer's, and `signer` is
 * the creator's delegation of it (a token).
 */
export function manifest(token, keys, signer) {
  const { kid, claims: c } = open(token, "manifest", keys);
  members(c);
  const iss = readDid(c.iss), { id, kind, edition, window } = c.drop;
  checkPaths(c.files.map((f) => f.path));
  const life = c.exp - c.iat;
  need(life > 0 && life <= 731 * 86400, "manifest-lifetime");
  need(window.nbf < window.exp, "manifest-window");
  need("prev" in c === c.ver > 1, "manifest-prev");
  need(!(kind === "limited" && !edition) && !(kind === "open" && edition), "manifest-edition");
  let last = 0;
  for (const a of [...(c.alloc ?? [])].sort((a, b) => a.lo - b.lo)) {
    need(edition && a.lo <= a.hi && a.hi <= edition && a.lo > last, "manifest-alloc");
    last = a.hi;
  }
  need(!m.twice(c.price, (p) => `${p.cur} ${p.cohort ?? ""}`), "manifest-price");
  need(kind !== "free" || c.price.every((p) => p.minor === 0), "manifest-not-free");
  need(!m.twice(c.revoked ?? [], (r) => `${r.kind} ${r.ref}`), "manifest-revoked-twice");
  need(!c.ext || canonicalBytes(c.ext).length <= 8192, "manifest-ext");
  if (kid !== thumbprint(iss)) {
    if (!signer) refuse("manifest-wrong-signer");
    const d = delegation(signer, keys);
    need(d.iss === c.iss && kidOf(d.sub) === kid, "manifest-wrong-signer");
    grants(d, "manifest", id, c.iat);
  }
  return c;
}
