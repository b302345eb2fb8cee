// An owner's answer to a challenge (protocol.md 5.11): made with the owner's key, and checked by whoever asked.
import { certificateOf } from "./certificate.mjs";
import { canonical, canonicalBytes, parse, without } from "./json.mjs";
import { didOf, publicOf, readDid } from "./keys.mjs";
import * as m from "./members.mjs";
import { AUTHENTICATION, isOf, isShaped, prove, provedBy, seconds, VC } from "./proof.mjs";
import { need } from "./refused.mjs";

const CONTEXTS = [VC, "https://stall.example/ns/presentation/v1"];
const TYPES = ["VerifiablePresentation"];
const members = m.document({
  "@context": m.anything, type: m.anything, holder: m.did, verifiableCredential: m.list(1, 1, m.anyObject), "transferTo?": m.did,
});
const AHEAD = 300;

/**
 * Check an answer to one's own challenge.
 *
 * @param {string} text   the answer, JSON
 * @param {{challenge: string, domain: string, now: number, maxAge?: number}} asked   now in seconds UTC; maxAge in seconds (300)
 * @returns {{holder: string, answered: number, transferTo?: string, certificate: string}}  certificate is JSON, to be judged in its turn
 * @throws {Refused} presentation-… and the codes of the certificate
 */
export function check(text, { challenge, domain, now, maxAge = 300 }) {
  const doc = parse(text);
  need(canonicalBytes(doc).length <= 24 * 1024, "json-too-large");
  need(isOf(doc, CONTEXTS, TYPES), "presentation-not-ours");
  members(without(doc, "proof"));
  const { proof, holder, transferTo } = doc;
  need(isShaped(proof, CONTEXTS, ["challenge", "domain"]), "presentation-proof");
  need(/^[!-~]{16,128}$/.test(proof.challenge), "presentation-challenge");
  need(/^[!-~]{1,253}$/.test(proof.domain), "presentation-domain");
  const answered = seconds(proof.created);
  const held = certificateOf(doc.verifiableCredential[0]);
  need(holder === held.owner, "presentation-holder");
  need(provedBy(doc, AUTHENTICATION) === holder, "presentation-holder");
  need(proof.challenge === challenge, "presentation-challenge");
  need(proof.domain === domain, "presentation-domain");
  need(now - maxAge <= answered && answered <= now + AHEAD, "presentation-stale");
  if (transferTo !== undefined) {
    readDid(transferTo);
    need(![held.owner, held.creator, held.issuer].includes(transferTo), "presentation-transfer");
  }
  return { holder, answered, transferTo, certificate: canonical(held.doc) };
}

/**
 * Answer a challenge.
 *
 * @param {Uint8Array} seed   of the owner's key (`seedOf` in ownercode.mjs)
 * @param {string} certificate   JSON
 * @param {{challenge: string, domain: string, now: number, transferTo?: string}} asked   now in seconds UTC
 * @returns {string} the answer, JSON
 * @throws {Refused} what `check` would throw
 */
export function answer(seed, certificate, { challenge, domain, now, transferTo }) {
  const doc = { "@context": CONTEXTS, type: TYPES, holder: didOf(publicOf(seed)), verifiableCredential: [parse(certificate)] };
  if (transferTo !== undefined) doc.transferTo = transferTo;
  const text = canonical(prove(seed, doc, now, AUTHENTICATION, { challenge, domain }));
  check(text, { challenge, domain, now });
  return text;
}
