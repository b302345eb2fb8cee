// Prints theirs.json: papers made after our vectors, signed by Digital Bazaar's packages with the seeds the vector files hold.
// In this folder: npm ci --ignore-scripts, then node sign.mjs > theirs.json
import { readFileSync } from "node:fs";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey";
import { createSignCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite";
import jsigs from "jsonld-signatures";
import { documentLoader } from "./did_key.mjs";

const { AssertionProofPurpose, AuthenticationProofPurpose } = jsigs.purposes;
const ASKED = { challenge: "asked-by-another-program-0001", domain: "another-program.example" };
const CREATED = "2026-05-28T20:27:41Z"; // a minute after the vectors

const read = (name) => JSON.parse(readFileSync(new URL(`../../wire/vectors/${name}.json`, import.meta.url), "utf8"));
const isByCreator = ({ issuer, credentialSubject }) => issuer.id === credentialSubject.creator;

async function signed(document, did, purpose) {
  const seeds = Object.values(read("presentation").keys).map((key) => Buffer.from(key.seed, "hex"));
  for (const seed of seeds) {
    const pair = await Ed25519Multikey.generate({ seed, controller: did });
    if (did !== `did:key:${pair.publicKeyMultibase}`) continue;
    const suite = new DataIntegrityProof({ signer: pair.signer(), date: CREATED, cryptosuite: createSignCryptosuite() });
    return jsigs.sign(document, { suite, purpose, documentLoader });
  }
  throw new Error(`no seed of ${did}`);
}

// The paper without its proof, under an id and a name of its own, so that no signature can be one of ours.
function bare({ proof, ...document }, id) {
  const issuer = { ...document.issuer, name: "Żółw & “Söhne” 🐢 \\ \u2028/" };
  return { ...document, id: `urn:uuid:00000000-0000-4000-8000-00000000000${id}`, issuer };
}

const documents = (name) => read(name).valid.map((one) => one.document);
const asserted = (document) => signed(document, document.issuer.id, new AssertionProofPurpose());

const certificates = documents("certificate");
const byBox = await asserted(bare(certificates.find((one) => one.evidence && !isByCreator(one)), 1));
const byCreator = await asserted(bare(certificates.find((one) => isByCreator(one) && !one.evidence), 2));
const badge = await asserted(bare(documents("badge").find((one) => one.evidence && one.credentialSubject.id), 3));
const { proof, ...presentation } = documents("presentation").find((one) => !one.transferTo);
presentation.verifiableCredential = [byBox];
const answer = await signed(presentation, presentation.holder, new AuthenticationProofPurpose(ASKED));

console.log(JSON.stringify({ certificates: [byBox, byCreator], badge, presentation: { ...ASKED, document: answer } }, null, 1));
