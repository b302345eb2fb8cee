// Manifests (protocol.md 5.1), as far as a certificate's reader needs them.
import { need, readDid, refuse, thumbprint } from "./codec.mjs";
import { canonical, hasUnassigned } from "./json.mjs";
import { open } from "./token.mjs";
import { delegation, grants } from "./delegation.mjs";
import * as m from "./members.mjs";

const members = m.document({
  iss: m.did, jti: m.id22, iat: m.time, exp: m.time, ver: m.int(1, Number.MAX_SAFE_INTEGER), "prev?": m.b43,
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

// No casefold in JavaScript: upper and lower again comes close to it.
const casefold = (s) => s.toUpperCase().toLowerCase();
const fold = (s) => casefold(s.normalize("NFKC"));
const twice = (rows, key) => new Set(rows.map(key)).size !== rows.length;

function paths(all) {
  for (const p of all) {
    need(typeof p === "string", "path-not-text");
    const parts = p.split("/");
    need(p.length > 0 && parts.length <= 8 && Buffer.byteLength(p) <= 512, "path-too-long");
    for (const s of parts) need([...s].length <= 100 && Buffer.byteLength(s) <= 255, "path-too-long");
    need(!hasUnassigned(p), "path-unassigned");
    need(p.normalize("NFC") === p, "path-not-nfc");
    for (const s of parts) need(s !== "" && s !== "." && s !== "..", "path-escapes");
    for (const s of parts) need(!/^ |[ .]$/.test(s), "path-bad-edge");
    need(!/[\\:*?"<>|]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(p), "path-bad-character");
    for (const s of parts) need(!/^(?:con|prn|aux|nul|(?:com|lpt)[0-9])\s*(?:\.|$)/u.test(fold(s)), "path-reserved");
  }
  const folded = new Set(all.map(fold));
  need(folded.size === all.length, "path-not-unique");
  for (const p of folded)
    for (let at = p.indexOf("/"); at >= 0; at = p.indexOf("/", at + 1)) need(!folded.has(p.slice(0, at)), "path-is-folder");
  for (const p of all) need(!["manifest.jws", "verify.html"].includes(casefold(p.split("/")[0])), "path-taken");
}

export function manifest(token, trusted, signer) {
  const { kid, claims: c } = open(token, "stall-manifest+jwt", trusted);
  members(c);
  const iss = readDid(c.get("iss")), drop = c.get("drop"), kind = drop.get("kind"), edition = drop.get("edition");
  paths(c.get("files").map((f) => f.get("path")));
  const life = c.get("exp") - c.get("iat");
  need(life > 0 && life <= 731 * 86400, "manifest-lifetime");
  need(drop.get("window").get("nbf") < drop.get("window").get("exp"), "manifest-window");
  need(c.has("prev") === c.get("ver") > 1, "manifest-prev");
  need(!(kind === "limited" && !edition) && !(kind === "open" && edition), "manifest-edition");
  const alloc = [...(c.get("alloc") ?? [])].sort((a, b) => a.get("lo") - b.get("lo"));
  let last = 0;
  for (const a of alloc) {
    need(edition && a.get("lo") <= a.get("hi") && a.get("hi") <= edition && a.get("lo") > last, "manifest-alloc");
    last = a.get("hi");
  }
  need(!twice(c.get("price"), (p) => `${p.get("cur")} ${p.get("cohort") ?? ""}`), "manifest-price");
  need(kind !== "free" || c.get("price").every((p) => p.get("minor") === 0), "manifest-not-free");
  need(!twice(c.get("revoked") ?? [], (r) => `${r.get("kind")} ${r.get("ref")}`), "manifest-revoked-twice");
  need(!c.has("ext") || Buffer.byteLength(canonical(c.get("ext"))) <= 8192, "manifest-ext");
  if (kid !== thumbprint(iss)) {
    if (!signer) refuse("manifest-wrong-signer");
    const d = delegation(signer, trusted);
    need(d.get("iss") === c.get("iss") && thumbprint(readDid(d.get("sub"))) === kid, "manifest-wrong-signer");
    grants(d, "manifest", drop.get("id"), c.get("iat"));
  }
  return c;
}
