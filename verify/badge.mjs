// Badges (protocol.md 5.10).
import { checkChain, checkTimes } from "./issuer.mjs";
import { canonicalBytes, parse, without } from "./json.mjs";
import { readDid } from "./keys.mjs";
import * as m from "./members.mjs";
import { isOf, isShaped, provedBy, seconds, VC } from "./proof.mjs";
import { need } from "./refused.mjs";
import { peek } from "./token.mjs";

const CONTEXTS = [VC, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];
const TYPES = ["VerifiableCredential", "OpenBadgeCredential"];
const is = (text) => m.exactly(m.choice(text));
const picture = m.spelled("data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}");
const members = m.document({
  "@context": m.anything, type: m.anything, id: m.uuid, name: m.text,
  issuer: m.object({ id: m.did, type: is("Profile"), name: m.text }), validFrom: m.anyText, "validUntil?": m.anyText,
  credentialSubject: m.object({
    type: is("AchievementSubject"),
    achievement: m.object({
      id: m.uuid, type: is("Achievement"), name: m.text, description: m.long(1), criteria: m.object({ narrative: m.long(1) }),
      "image?": m.object({ id: (v) => { picture(v); need(v.length <= 16384, "member-form"); }, type: m.choice("Image") }),
    }),
    "id?": m.did,
    "identifier?": m.list(0, 1, m.object({
      type: m.choice("IdentityObject"), identityType: m.choice("emailAddress"), hashed: m.bool,
      identityHash: m.spelled("sha256\\$[0-9a-f]{64}"), salt: m.spelled("[A-Za-z0-9_-]{16,64}"),
    })),
  }),
  "evidence?": m.list(0, 1, m.object({ type: m.exactly(m.choice("Evidence"), m.choice("StallDelegation")), jws: m.anyText })),
});

/**
 * A badge that holds, from its JSON; whether it has ended is for the reader to look at.
 *
 * @returns {{doc: object, subject: object, issuer: string, creator: string, owner: string|undefined, from: number, until: number|undefined,
 *   created: number, token: string|undefined, delegation: object|undefined}}   dids; times in seconds UTC
 */
export function badge(text) {
  const doc = parse(text);
  need(canonicalBytes(doc).length <= 24 * 1024, "json-too-large");
  need(isOf(doc, CONTEXTS, TYPES), "badge-not-ours");
  members(without(doc, "proof"));
  need(isShaped(doc.proof, CONTEXTS), "badge-proof");
  const { credentialSubject: subject, issuer: { id: issuer }, evidence = [] } = doc, { id: owner, identifier = [] } = subject;
  const created = seconds(doc.proof.created), from = seconds(doc.validFrom);
  const until = doc.validUntil === undefined ? undefined : seconds(doc.validUntil);
  need(provedBy(doc) === issuer, "badge-wrong-issuer");
  const token = evidence[0]?.jws;
  let creator = issuer;
  if (token !== undefined) {
    const { iss } = peek(token, "delegation").claims;
    creator = typeof iss === "string" ? iss : "";
  }
  const delegation = checkChain(issuer, creator, token, "badge", undefined, from);
  checkTimes(from, created, delegation, issuer);
  need(until === undefined || (until > from && until - from <= 366 * 86400), "badge-lifetime");
  need((owner === undefined) === (identifier.length === 1) && identifier.every((one) => one.hashed), "badge-subject");
  if (owner !== undefined) {
    readDid(owner);
    need(owner !== issuer && owner !== creator, "badge-subject");
  }
  return { doc, subject, issuer, creator, owner, from, until, created, token, delegation };
}
