// Certificates of ownership (protocol.md 5.5).
import { nameOf, need, readDid, sha256, signed, thumbprint, unb58 } from "./codec.mjs";
import { canonical, parse } from "./json.mjs";
import { delegation, grants } from "./delegation.mjs";
import * as m from "./members.mjs";

const CONTEXT = '["https://www.w3.org/ns/credentials/v2","https://stall.example/ns/edition/v1"]';
const TYPE = '["VerifiableCredential","EditionOwnershipCredential"]';
const PROOF = "@context created cryptosuite proofPurpose proofValue type verificationMethod";

const APART = ["@context", "type", "proof"];              // looked at by rules 2 and 4
const members = m.document({
  id: m.uuid, name: m.plain(1, 250), issuer: m.object({ id: m.did, name: m.text }),
  validFrom: m.anyText,
  credentialSubject: m.object({
    type: m.choice("EditionOwnership"), creator: m.did, drop: m.dropId, manifest: m.shaName, receipt: m.shaName,
    settlement: m.choice("pending", "settled"), licence: m.text, "id?": m.did, "edition?": m.number, "editionSize?": m.number,
  }),
  "evidence?": m.list(0, 1, m.object({ type: m.choice("StallDelegation"), jws: m.anyText })),
});

function timestamp(text) {
  const ok = typeof text === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text);
  const ms = ok ? Date.parse(text) : NaN;
  need(!Number.isNaN(ms) && new Date(ms).toISOString().replace(".000Z", "Z") === text, "timestamp-malformed");
  return ms / 1000;
}

function proofHolds(doc) {
  const proof = doc.get("proof"), method = proof.get("verificationMethod"), value = proof.get("proofValue");
  need(proof.get("type") === "DataIntegrityProof" && proof.get("cryptosuite") === "eddsa-jcs-2022", "proof-unknown-suite");
  need(proof.get("proofPurpose") === "assertionMethod", "proof-wrong-purpose");
  const two = /^(did:key:(z6Mk[1-9A-HJ-NP-Za-km-z]{44}))#(.*)$/s.exec(method);
  need(two && two[2] === two[3], "proof-wrong-method");
  const key = readDid(two[1]);
  need(value.startsWith("z"), "proof-malformed");
  const signature = unb58(value.slice(1));
  const config = new Map(proof), rest = new Map(doc);
  config.delete("proofValue");
  rest.delete("proof");
  need(signed(key, Buffer.concat([config, rest].map((v) => sha256(canonical(v)))), signature), "proof-bad-signature");
  return two[1];
}

export function certificate(text) {
  const doc = parse(text);
  need(doc instanceof Map, "certificate-not-ours");
  need(Buffer.byteLength(canonical(doc)) <= 8192, "json-too-large");
  const is = (v, list) => Array.isArray(v) && canonical(v) === list;
  need(is(doc.get("@context"), CONTEXT) && is(doc.get("type"), TYPE), "certificate-not-ours");
  members(new Map([...doc].filter(([name]) => !APART.includes(name))));
  const proof = doc.get("proof"), subject = doc.get("credentialSubject"), issuer = doc.get("issuer").get("id");
  need(proof instanceof Map && [...proof.keys()].sort().join(" ") === PROOF && is(proof.get("@context"), CONTEXT)
    && [...proof].every(([name, v]) => name === "@context" || typeof v === "string"), "certificate-proof");
  const from = timestamp(doc.get("validFrom")), created = timestamp(proof.get("created"));
  need(proofHolds(doc) === issuer, "certificate-wrong-issuer");
  const creator = subject.get("creator"), own = creator === issuer, evidence = doc.get("evidence") ?? [];
  need(evidence.length > 0 || own, "certificate-no-delegation");
  const creatorKey = readDid(creator);
  let delegate;
  if (evidence.length > 0) {
    delegate = delegation(evidence[0].get("jws"), new Map([[thumbprint(creatorKey), creatorKey]]));
    need(own || delegate.get("sub") === issuer, "certificate-wrong-delegate");
    grants(delegate, "cert", subject.get("drop"), from);
  }
  need(1577836800 <= from && from <= created && created <= 4102444800, "certificate-time");
  need(own || created <= delegate.get("exp"), "certificate-time");
  const ed = subject.get("edition"), size = subject.get("editionSize");
  need((ed === undefined) === (size === undefined) && (ed === undefined || ed <= size), "certificate-edition");
  const ending = ed === undefined ? "" : ` — edition ${ed} of ${size}`;
  need(doc.get("name").endsWith(ending), "certificate-name");
  const owner = subject.get("id");
  if (owner !== undefined) {
    readDid(owner);
    need(owner !== issuer && owner !== creator, "certificate-owner");
  }
  return { doc, subject, issuer, own, delegate, from, ending };
}

export function besideManifest({ doc, subject, ending }, token, c) {
  const drop = c.get("drop");
  need(subject.get("manifest") === "sha256-" + nameOf(token) && subject.get("drop") === drop.get("id")
    && subject.get("creator") === c.get("iss"), "certificate-other-manifest");
  need(subject.get("editionSize") === drop.get("edition"), "certificate-edition-size");
  need(subject.get("licence") === drop.get("licence"), "certificate-licence");
  need(doc.get("name") === drop.get("title") + ending, "certificate-name");
}

export function besideReceipt({ subject, issuer, own, delegate, from }, token, c) {
  need(subject.get("receipt") === "sha256-" + nameOf(token), "certificate-other-receipt");
  const box = own ? delegate?.get("sub") : issuer;
  need(box === undefined || c.get("iss") === thumbprint(readDid(box)), "certificate-other-box");
  need(c.get("test") !== true && c.get("items").some((i) => i.get("drop") === subject.get("drop")
    && i.get("ed") === subject.get("edition") && "sha256-" + i.get("man") === subject.get("manifest")
    && i.get("minor") >= 0), "certificate-not-bought");
  need(from >= c.get("iat"), "certificate-before-receipt");
}
