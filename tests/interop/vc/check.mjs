// One question a line (JSON) in, one answer a line out: {document, challenge?, domain?} gives {"ok": true} or {"ok": false}.
// With a challenge the proof must answer it, else assert the document. Only the proof is asked about, nothing of our profile.
import { createInterface } from "node:readline";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite";
import jsigs from "jsonld-signatures";
import { documentLoader } from "./did_key.mjs";

const { AssertionProofPurpose, AuthenticationProofPurpose } = jsigs.purposes;

async function answer({ document, challenge, domain }) {
  const purpose =
    challenge === undefined ? new AssertionProofPurpose() : new AuthenticationProofPurpose({ challenge, domain });
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
  const { verified } = await jsigs.verify(document, { suite, purpose, documentLoader });
  return { ok: verified };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  if (line.trim()) console.log(JSON.stringify(await answer(JSON.parse(line))));
