// The certificate of ownership: docs/protocol.md 5.5, by the numbers of its tables.

import * as delegation from "./delegation.mjs";
import { canonical, read } from "./json.mjs";
import { fromBase58, hashOfToken, isSignature, keyOfDid, sha256, thumbprint } from "./keys.mjs";
import * as m from "./members.mjs";
import * as receipt from "./receipt.mjs";
import { refuse } from "./refusal.mjs";
import { open } from "./token.mjs";

const CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://stall.example/ns/edition/v1"];
const TYPES = ["VerifiableCredential", "EditionOwnershipCredential"];
const PROOF = ["@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod"];
const EARLIEST = 1577836800;
const LATEST = 4102444800;

const anyText = m.text(/^/);
const digest = m.text(/^sha256-[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
const SHAPE = m.object({
  "@context": m.list(anyText, 0, Infinity),
  id: m.text(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  type: m.list(anyText, 0, Infinity),
  name: m.words(250),
  issuer: m.object({ id: m.did, name: m.words(200) }),
  validFrom: anyText,
  credentialSubject: m.object({
    type: m.choice("EditionOwnership"),
    creator: m.did,
    drop: m.dropId,
    manifest: digest,
    receipt: digest,
    settlement: m.choice("pending", "settled"),
    licence: m.words(200),
    "id?": m.did,
    "edition?": m.edition,
    "editionSize?": m.edition,
  }),
  "evidence?": m.list(m.object({ type: m.choice("StallDelegation"), jws: anyText }), 0, 1),
});

// `beside` may have `manifest` and `receipt`, tokens by one of `trusted`.
export function verify(text, beside, trusted) {
  const document = readDocument(text);
  const proof = document.get("proof");
  const bare = new Map([...document].filter(([name]) => name !== "proof"));
  m.check(bare, SHAPE); // 2
  if (!same(bare.get("@context"), CONTEXTS) || !same(bare.get("type"), TYPES)) refuse("certificate-not-ours"); // 3
  checkProofShape(proof); // 4
  const times = { validFrom: seconds(bare.get("validFrom")), created: seconds(proof.get("created")) }; // 5
  const signer = checkProof(bare, proof); // 6
  const held = { ...Object.fromEntries(bare.get("credentialSubject")), ...times, name: bare.get("name") };
  held.issuer = bare.get("issuer").get("id");
  if (!signer.equals(keyOfDid(held.issuer))) refuse("certificate-wrong-issuer"); // 7
  held.chain = checkChain(held, bare.get("evidence") ?? []); // 8 to 11
  checkTimes(held); // 12
  checkNumber(held); // 13, 14
  if (held.id !== undefined) checkOwner(held); // 15
  if (beside.manifest !== undefined) checkManifest(held, beside.manifest, trusted);
  if (beside.receipt !== undefined) checkReceipt(held, beside.receipt, trusted);
}

function readDocument(text) {
  const document = read(Buffer.from(text, "utf-8"), Infinity);
  if (!(document instanceof Map)) refuse("certificate-not-ours");
  if (Buffer.byteLength(canonical(document)) > 8192) refuse("json-too-large");
  return document;
}

function same(list, wanted) {
  return Array.isArray(list) && list.length === wanted.length && list.every((each, at) => each === wanted[at]);
}

function checkProofShape(proof) {
  const names = proof instanceof Map ? [...proof.keys()].sort() : [];
  if (!same(names, PROOF) || !same(proof.get("@context"), CONTEXTS)) refuse("certificate-proof");
  if (PROOF.slice(1).some((name) => typeof proof.get(name) !== "string")) refuse("certificate-proof");
}

function seconds(text) {
  const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : NaN;
  // A day that does not exist would be moved to one that does.
  const exists = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().replace(".000Z", "Z") === text;
  return exists ? milliseconds / 1000 : refuse("timestamp-malformed");
}

function checkProof(bare, proof) {
  if (proof.get("type") !== "DataIntegrityProof" || proof.get("cryptosuite") !== "eddsa-jcs-2022") {
    refuse("proof-unknown-suite");
  }
  if (proof.get("proofPurpose") !== "assertionMethod") refuse("proof-wrong-purpose");
  const method = proof.get("verificationMethod");
  const did = method.split("#")[0];
  if (method !== `${did}#${did.replace(/^did:key:/, "")}`) refuse("proof-wrong-method");
  const key = keyOfDid(did);
  const value = proof.get("proofValue");
  if (!value.startsWith("z")) refuse("proof-malformed");
  const options = new Map([...proof].filter(([name]) => name !== "proofValue"));
  const message = Buffer.concat([sha256(canonical(options)), sha256(canonical(bare))]);
  if (!isSignature(key, message, fromBase58(value.slice(1)))) refuse("proof-bad-signature");
  return key;
}

function checkChain(held, evidence) {
  const creator = keyOfDid(held.creator);
  if (evidence.length === 0) return held.issuer === held.creator ? undefined : refuse("certificate-no-delegation"); // 8
  const chain = delegation.verify(evidence[0].get("jws"), new Map([[thumbprint(creator), creator]])); // 9
  if (held.issuer !== held.creator && chain.sub !== held.issuer) refuse("certificate-wrong-delegate"); // 10
  delegation.checkUse(chain, "cert", held.drop, held.validFrom); // 11
  return chain;
}

function checkTimes(held) {
  if (held.validFrom < EARLIEST || held.validFrom > held.created || held.created > LATEST) refuse("certificate-time");
  if (held.issuer !== held.creator && held.created > held.chain.exp) refuse("certificate-time");
}

function checkNumber(held) {
  if ((held.edition === undefined) !== (held.editionSize === undefined)) refuse("certificate-edition");
  if (held.edition === undefined) return;
  if (held.edition > held.editionSize) refuse("certificate-edition");
  if (!held.name.endsWith(ending(held))) refuse("certificate-name");
}

function ending(held) {
  return held.edition === undefined ? "" : ` \u2014 edition ${held.edition} of ${held.editionSize}`;
}

function checkOwner(held) {
  keyOfDid(held.id);
  if (held.id === held.issuer || held.id === held.creator) refuse("certificate-owner");
}

function checkManifest(held, token, trusted) {
  const { claims } = open(token, "stall-manifest+jwt", trusted);
  const drop = Object.fromEntries(claims.get("drop"));
  const named = `sha256-${hashOfToken(token)}` === held.manifest;
  if (!named || drop.id !== held.drop || claims.get("iss") !== held.creator) refuse("certificate-other-manifest"); // 16
  if (drop.edition !== held.editionSize) refuse("certificate-edition-size"); // 17
  if (drop.licence !== held.licence) refuse("certificate-licence"); // 18
  if (held.name !== drop.title + ending(held)) refuse("certificate-name"); // 19
}

function checkReceipt(held, token, trusted) {
  const told = receipt.verify(token, "stall-receipt+jwt", trusted);
  if (`sha256-${hashOfToken(token)}` !== held.receipt) refuse("certificate-other-receipt"); // 20
  const box = held.issuer === held.creator ? held.chain?.sub : held.issuer;
  if (box !== undefined && thumbprint(keyOfDid(box)) !== told.iss) refuse("certificate-other-box"); // 21
  const bought = told.items.some(
    (item) =>
      item.drop === held.drop && item.ed === held.edition && `sha256-${item.man}` === held.manifest && item.minor >= 0,
  );
  if (told.test || !bought) refuse("certificate-not-bought"); // 22
  if (held.validFrom < told.iat) refuse("certificate-before-receipt"); // 23
}
