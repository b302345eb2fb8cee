// One question a line (JSON) in, one answer a line out: {"ok": true} or {"ok": false, "code": "…"}.
// {kind, trusted: {kid: key in hex}, token} or {kind: "certificate", trusted, document, manifest?, receipt?}
import { createInterface } from "node:readline";
import { need, Refused, thumbprint } from "./codec.mjs";
import { open } from "./token.mjs";
import { delegation } from "./delegation.mjs";
import { receipt } from "./receipt.mjs";
import { manifest } from "./manifest.mjs";
import { besideManifest, besideReceipt, certificate } from "./certificate.mjs";

const KINDS = {
  tokens: (q, keys) => open(q.token, q.typ ?? "stall-receipt+jwt", keys),
  receipt: (q, keys) => receipt(q.token, "receipt", keys),
  refund: (q, keys) => receipt(q.token, "refund", keys),
  void: (q, keys) => receipt(q.token, "void", keys),
  delegation: (q, keys) => delegation(q.token, keys),
  manifest: (q, keys) => manifest(q.token, keys, q.delegation),
  certificate: (q, keys) => {
    const paper = certificate(q.document);
    if (q.manifest !== undefined) besideManifest(paper, q.manifest, manifest(q.manifest, keys));
    if (q.receipt !== undefined) besideReceipt(paper, q.receipt, receipt(q.receipt, "receipt", keys));
  },
};

function answer(line) {
  try {
    const q = JSON.parse(line);
    const keys = new Map(Object.entries(q.trusted ?? {}).map(([kid, x]) => [kid, Buffer.from(x, "hex")]));
    for (const [kid, key] of keys) need(thumbprint(key) === kid, "token-unknown-key");
    KINDS[q.kind](q, keys);
    return { ok: true };
  } catch (e) {
    if (e instanceof Refused) return { ok: false, code: e.code };
    return { ok: false, code: "reader-broken", why: String(e.stack ?? e) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  if (line.trim()) console.log(JSON.stringify(answer(line)));
