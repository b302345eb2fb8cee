// Reads questions as JSON lines from standard input and answers each with one line: {"ok": true} or {"ok": false, "code": …}.
//
// A question: {"kind": "tokens" | "receipt" | "refund" | "void" | "delegation" | "certificate", "trusted": {thumbprint: key in
// hex}, "token": …} or, for a certificate, {"document": its JSON as text, "manifest"?: token, "receipt"?: token}.

import { createInterface } from "node:readline";
import * as certificate from "./certificate.mjs";
import * as delegation from "./delegation.mjs";
import * as receipt from "./receipt.mjs";
import { Refusal } from "./refusal.mjs";
import { open } from "./token.mjs";

const READ = {
  tokens: (asked, trusted) => open(asked.token, "stall-receipt+jwt", trusted),
  receipt: (asked, trusted) => receipt.verify(asked.token, "stall-receipt+jwt", trusted),
  refund: (asked, trusted) => receipt.verify(asked.token, "stall-refund+jwt", trusted),
  void: (asked, trusted) => receipt.verify(asked.token, "stall-void+jwt", trusted),
  delegation: (asked, trusted) => delegation.verify(asked.token, trusted),
  certificate: (asked, trusted) => certificate.verify(asked.document, asked, trusted),
};

function answer(line) {
  const asked = JSON.parse(line);
  const trusted = new Map(Object.entries(asked.trusted).map(([name, hex]) => [name, Buffer.from(hex, "hex")]));
  try {
    READ[asked.kind](asked, trusted);
    return { ok: true };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.code };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}
