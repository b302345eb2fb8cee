// One question a line (JSON) in, one answer a line out: {token, public: key in hex} gives {"ok": true} or {"ok": false}.
// Only the signature is asked about. "Ed25519" is the name of RFC 9864; jose knows the older "EdDSA" too and is told not to take it.
import { createInterface } from "node:readline";
import { compactVerify, errors, importJWK } from "jose";

async function answer({ token, public: hex }) {
  const x = Buffer.from(hex, "hex").toString("base64url");
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "Ed25519");
  try {
    await compactVerify(token, key, { algorithms: ["Ed25519"] });
    return { ok: true };
  } catch (e) {
    if (e instanceof errors.JOSEError) return { ok: false };
    throw e;
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  if (line.trim()) console.log(JSON.stringify(await answer(JSON.parse(line))));
