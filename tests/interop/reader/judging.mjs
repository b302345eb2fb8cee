// What papers say of each other, one question a line (JSON) in, one answer a line out. {kind: "judge", papers: [[name, base64]],
// creator?} is answered by {verdicts, told: what onProgress was, most: bytes read at once}; a case of the vectors between papers, as {kind: its file, trusted, …}, by {code?, grade?, reasons?}.
import { createInterface } from "node:readline";
import { certificate } from "../../../verify/certificate.mjs";
import { close } from "../../../verify/close.mjs";
import { decline } from "../../../verify/decline.mjs";
import { delegation, grants } from "../../../verify/delegation.mjs";
import { graded } from "../../../verify/grade.mjs";
import { heldOf, holding } from "../../../verify/heap.mjs";
import { judge } from "../../../verify/judge.mjs";
import { canonical, parse } from "../../../verify/json.mjs";
import { kidOf, nameOf } from "../../../verify/keys.mjs";
import { manifest } from "../../../verify/manifest.mjs";
import * as numbers from "../../../verify/numbers.mjs";
import { receipt } from "../../../verify/receipt.mjs";
import { Refused } from "../../../verify/refused.mjs";
import { headOf, peek } from "../../../verify/token.mjs";

const keysOf = (q) => new Map(Object.entries(q.trusted).map(([kid, x]) => [kid, Uint8Array.from(Buffer.from(x, "hex"))]));

/** Every token by itself, then in lists by kind. */
function read(q) {
  const keys = keysOf(q), h = { delegations: [], manifests: [], sales: [], declines: [] };
  for (const token of q.papers) if (headOf(token).name === "delegation") h.delegations.push({ ...delegation(token, keys), token });
  for (const d of h.delegations) d.kid = kidOf(d.sub);
  for (const token of q.papers) {
    const { name, kid } = headOf(token);
    if (name === "manifest") {
      const chain = holding(h.delegations.filter((d) => d.kid === kid), peek(token).claims.iat);
      h.manifests.push({ token, c: manifest(token, keys, chain?.token) });
    } else if (name === "decline") h.declines.push(decline(token, keys));
    else if (["receipt", "refund", "void"].includes(name)) h.sales.push({ token, typ: name, told: receipt(token, name, keys) });
  }
  return h;
}
const pairs = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b]));

const CASES = {
  heap_numbers(q) {
    const h = read(q), sold = h.sales.filter((s) => s.typ === "receipt").map((s) => s.told);
    const manifests = new Map(h.manifests.map((m) => [nameOf(m.token), m]));
    for (const told of sold) numbers.checkSold(told, manifests);
    for (const [a, b] of pairs(sold)) for (const i of numbers.numbered(a)) if (numbers.numbered(b).some((j) => j.drop === i.drop && j.ed === i.ed)) {
      const naming = h.sales.filter((s) => numbers.returned(s.typ, s.told).some((j) => j.drop === i.drop && j.ed === i.ed));
      numbers.checkSoldOnce(a, b, naming.map((s) => s.told));
    }
  },
  heap_versions(q) {
    const h = read(q), groups = new Map(h.manifests.map((m) => [`${m.c.iss} ${m.c.drop.id}`, []]));
    for (const m of h.manifests) groups.get(`${m.c.iss} ${m.c.drop.id}`).push(m);
    for (const group of groups.values()) numbers.checkVersions(group, nameOf);
    for (const { told } of h.sales) {
      const own = h.delegations.filter((d) => d.kid === told.iss), [chain] = own;
      if (holding([chain, ...own.filter((d) => d.iss === chain.iss)], told.iat) !== chain) throw new Refused("delegation-replaced");
      grants(chain, "receipt", "night-prints", told.iat);
      numbers.checkCaps(chain, told);
    }
  },
  heap_takeback(q) {
    const h = read(q), [first, ...rest] = h.sales;
    rest.forEach((s, i) => numbers.checkTakeback(first.told, s.typ, s.told, rest.slice(0, i)));
    for (const c of h.declines) numbers.checkDecline(first.told, nameOf(first.token), c);
  },
  grades(q) {
    const keys = keysOf(q), document = parse(q.document);
    certificate(canonical(document));
    return graded(heldOf({ asked: new Map() }, document), {
      receipt: q.receipt && receipt(q.receipt, "receipt", keys), revoked: q.revoked, logged: q.logged_s,
      returns: (q.returns ?? []).map(({ typ, token }) => ({ typ: headOf(token).name, told: receipt(token, headOf(token).name, keys) })),
      declined: (q.declines ?? []).map((token) => decline(token, keys)), closed: q.close && close(q.close, keys).editions,
    });
  },
};

/** A file that remembers the longest stretch of it that was ever in memory. */
class Watched extends Blob {
  constructor(parts, seen) { super(parts); this.seen = seen; }
  slice(...range) { return new Watched([super.slice(...range)], this.seen); }
  arrayBuffer() { this.seen.most = Math.max(this.seen.most, this.size); return super.arrayBuffer(); }
}

async function answer(q) {
  try {
    if (q.kind !== "judge") return CASES[q.kind](q) ?? {};
    const seen = { most: 0 }, told = [];
    const inputs = q.papers.map(([name, data]) => ({ name, blob: new Watched([Buffer.from(data, "base64")], seen) }));
    const verdicts = await judge(inputs, { expectedCreator: q.creator, onProgress: (...bytes) => told.push(bytes) });
    return { verdicts, told, most: seen.most };
  } catch (e) {
    return e instanceof Refused ? { code: e.code } : { broken: String(e.stack ?? e) };
  }
}

for await (const line of createInterface({ input: process.stdin })) if (line.trim()) console.log(JSON.stringify(await answer(JSON.parse(line))));
