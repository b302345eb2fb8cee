// Closing statements (protocol.md 5.9).
import { unb64 } from "./bytes.mjs";
import { canonicalBytes } from "./json.mjs";
import { nameOf, readDid, thumbprint } from "./keys.mjs";
import * as m from "./members.mjs";
import { leafHash, verifyInclusion } from "./merkle.mjs";
import { need } from "./refused.mjs";
import { open } from "./token.mjs";

const MOST = 10000;
const members = m.document({
  iss: m.did, jti: m.id22, iat: m.time, drop: m.dropId, man: m.b43,
  "editions?": m.list(0, MOST, m.object({ st: m.choice("sold", "burned", "unsold", "artist"), "ed?": m.number, "cert?": m.b43 })),
  "root?": m.b43, "count?": m.count,
  "log?": m.list(0, 100, m.object({
    origin: m.spelled(`stall\\.example/box/[A-Za-z0-9_-]{12}/${m.ID22}`), size: m.count, root: m.b43,
  })),
});

function checkEntries(entries) {
  const numbered = entries.some((e) => e.ed), issued = (e) => e.st === "sold" || e.st === "artist";
  need(!numbered || entries.every((e, i) => e.ed === i + 1), "close-numbers");
  need(entries.every((e) => !e.cert || issued(e)), "close-certificate");
  need(numbered || entries.every((e) => e.cert && issued(e)), "close-no-certificate");
  const certs = entries.filter((e) => e.cert).map((e) => e.cert);
  need(!m.twice(certs, (c) => c), "close-certificate-twice");
  need(numbered || certs.every((c, i) => i === 0 || certs[i - 1] < c), "close-order");
}

/** The claims of a closing statement that the creator it names signed. */
export function close(token, keys) {
  const { kid, claims: c } = open(token, "close", keys);
  members(c);
  const iss = readDid(c.iss);
  need("root" in c === "count" in c && "root" in c !== "editions" in c, "close-list");
  need(!("count" in c) || c.count > MOST, "close-count");
  if (c.editions) checkEntries(c.editions);
  need(!m.twice(c.log ?? [], (l) => l.origin), "close-log");
  need(kid === thumbprint(iss), "close-wrong-signer");
  return c;
}
/** Rules 11 and 12: beside the manifest it names, as token and claims. */
export function closeBesideManifest(c, token, manifest) {
  const { id, edition } = manifest.drop;
  need(c.man === nameOf(token) && c.iss === manifest.iss && c.drop === id, "close-other-manifest");
  const numbered = (c.editions ?? []).filter((e) => e.ed).length;
  need(edition ? (c.editions ? numbered : c.count) === edition : numbered === 0, "close-incomplete");
}
/** Rules 13 and 14: an entry of a list that is not in the statement, with its place from 0 and its hashes. */
export function checkEntry(c, entry, index, hashes) {
  need("root" in c, "close-listed");
  verifyInclusion(index, c.count, leafHash(canonicalBytes(entry)), hashes, unb64(c.root));
}
