// Proofs of `eddsa-jcs-2022` in JSON documents (protocol.md 5.5, rules 4 to 6), and how one is made.
import { b58, concat, unb58 } from "./bytes.mjs";
import { canonical, canonicalBytes, isObject, without } from "./json.mjs";
import { didOf, publicOf, readDid, sign, verify } from "./keys.mjs";
import { DID } from "./members.mjs";
import { need } from "./refused.mjs";
import { sha256 } from "./sha2.mjs";

export const VC = "https://www.w3.org/ns/credentials/v2";
export const AUTHENTICATION = "authentication";
const MEMBERS = ["@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod"];

const METHOD = new RegExp(`^(${DID})#(.*)$`, "su");
const isList = (v, texts) => Array.isArray(v) && canonical(v) === JSON.stringify(texts);
/** Whether a document is an object of exactly these contexts and types. */
export const isOf = (doc, contexts, types) => isObject(doc) && isList(doc["@context"], contexts) && isList(doc.type, types);
/** Whether a proof has exactly our members, and `more`, all of them texts, under these contexts. */
export const isShaped = (proof, contexts, more = []) => isObject(proof)
  && Object.keys(proof).sort().join() === [...MEMBERS, ...more].sort().join() && isList(proof["@context"], contexts)
  && Object.keys(proof).every((name) => name === "@context" || typeof proof[name] === "string");

/** Seconds UTC of YYYY-MM-DDThh:mm:ssZ. */
export function seconds(text) {
  const ms = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text) ? Date.parse(text) : NaN;
  need(!Number.isNaN(ms) && dated(ms / 1000) === text, "timestamp-malformed");
  return ms / 1000;
}
export const dated = (s) => new Date(s * 1000).toISOString().replace(".000Z", "Z");

const message = (options, bare) => concat(...[options, bare].map((part) => sha256(canonicalBytes(part))));

/** The did of the key that made the proof of a document, for this purpose (rules 6a to 6g). */
export function provedBy(doc, purpose = "assertionMethod") {
  const { proof } = doc;
  need(proof.type === "DataIntegrityProof" && proof.cryptosuite === "eddsa-jcs-2022", "proof-unknown-suite");
  need(proof.proofPurpose === purpose, "proof-wrong-purpose");
  const two = METHOD.exec(proof.verificationMethod);
  need(two && two[1] === `did:key:${two[2]}`, "proof-wrong-method");
  const key = readDid(two[1]);
  need(proof.proofValue.startsWith("z"), "proof-malformed");
  const signature = unb58(proof.proofValue.slice(1));
  need(verify(key, message(without(proof, "proofValue"), without(doc, "proof")), signature), "proof-bad-signature");
  return two[1];
}

/** The document with a proof by the key of a seed, made at `now` (seconds UTC); `more` members are signed in it. */
export function prove(seed, doc, now, purpose, more) {
  const did = didOf(publicOf(seed));
  const options = {
    "@context": doc["@context"], type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: dated(now),
    verificationMethod: `${did}#${did.slice(8)}`, proofPurpose: purpose, ...more,
  };
  return { ...doc, proof: { ...options, proofValue: "z" + b58(sign(seed, message(options, doc))) } };
}
