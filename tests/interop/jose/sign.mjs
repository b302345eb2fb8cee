// Prints signed.json: the claims of each document's first valid vector, signed by jose with the seed the vector file holds.
// Run it in this folder after a change of the vectors: node sign.mjs > signed.json
import { readFileSync } from "node:fs";
import { CompactSign, importJWK } from "jose";

const DOCUMENTS = [
  "manifest", "delegation", "lease", "receipt", "refund", "void", "lease_return", "decline", "close",
];

async function signed(document, alg) {
  const file = new URL(`../../wire/vectors/${document}.json`, import.meta.url);
  const { keys, valid } = JSON.parse(readFileSync(file, "utf8"));
  const { claims, token } = valid[0];
  const { kid, typ } = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
  const signer = Object.values(keys).find((key) => key.kid === kid);
  const [d, x] = [signer.seed, signer.public].map((hex) => Buffer.from(hex, "hex").toString("base64url"));
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", d, x }, alg);
  // The claims stand in the order of the file, not sorted as ours are.
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return { document, typ, token: await new CompactSign(payload).setProtectedHeader({ alg, kid, typ }).sign(key) };
}

const all = { valid: [], older_name: await signed("receipt", "EdDSA") };
for (const document of DOCUMENTS) all.valid.push(await signed(document, "Ed25519"));
console.log(JSON.stringify(all, null, 1));
