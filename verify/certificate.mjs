// Certificates of ownership (protocol.md 5.5).
import { b64 } from "./bytes.mjs";
import { checkChain, checkTimes } from "./issuer.mjs";
import { canonicalBytes, parse, without } from "./json.mjs";
import { kidOf, nameOf, readDid } from "./keys.mjs";
import * as m from "./members.mjs";
import { isOf, isShaped, provedBy, seconds, VC } from "./proof.mjs";
import { need } from "./refused.mjs";
import { sha256 } from "./sha2.mjs";

const CONTEXTS = [VC, "https://stall.example/ns/edition/v1"];
const TYPES = ["VerifiableCredential", "EditionOwnershipCredential"];
const members = m.document({
  "@context": m.anything, type: m.anything, id: m.uuid, name: m.plain(1, 250), issuer: m.object({ id: m.did, name: m.text }),
  validFrom: m.anyText,
  credentialSubject: m.object({
    type: m.choice("EditionOwnership"), creator: m.did, drop: m.dropId, manifest: m.shaName, receipt: m.shaName,
    settlement: m.choice("pending", "settled"), licence: m.text, "id?": m.did, "edition?": m.number, "editionSize?": m.number,
  }),
  "evidence?": m.list(0, 1, m.object({ type: m.choice("StallDelegation"), jws: m.anyText })),
});

/**
 * @typedef {object} Certificate   one that holds by itself
 * @property {object} doc   as read, with its proof
 * @property {object} subject   its credentialSubject
 * @property {string} name   how other papers name it (4): base64url SHA-256 of its RFC 8785 bytes
 * @property {string} issuer   did
 * @property {string} creator   did
 * @property {boolean} byCreator
 * @property {string|undefined} owner   did
 * @property {number} from   validFrom, seconds UTC
 * @property {number} created   seconds UTC
 * @property {string|undefined} token   the delegation in it
 * @property {object|undefined} delegation   its claims
 * @property {string} ending   of its name, "" without number
 */
/** @returns {Certificate} from the JSON of one */
export const certificate = (text) => certificateOf(parse(text));

/** @returns {Certificate} from what `parse` gave, as in a presentation */
export function certificateOf(doc) {
  const bytes = canonicalBytes(doc);
  need(bytes.length <= 8192, "json-too-large");
  need(isOf(doc, CONTEXTS, TYPES), "certificate-not-ours");
  members(without(doc, "proof"));
  need(isShaped(doc.proof, CONTEXTS), "certificate-proof");
  const { credentialSubject: subject, issuer: { id: issuer }, evidence = [] } = doc, { creator, drop, id: owner } = subject;
  const from = seconds(doc.validFrom), created = seconds(doc.proof.created);
  need(provedBy(doc) === issuer, "certificate-wrong-issuer");
  const token = evidence[0]?.jws, delegation = checkChain(issuer, creator, token, "cert", drop, from);
  checkTimes(from, created, delegation, issuer);
  const { edition, editionSize } = subject;
  need((edition === undefined) === (editionSize === undefined) && !(edition > editionSize), "certificate-edition");
  const ending = edition === undefined ? "" : ` — edition ${edition} of ${editionSize}`;
  need(doc.name.endsWith(ending), "certificate-name");
  if (owner !== undefined) {
    readDid(owner);
    need(owner !== issuer && owner !== creator, "certificate-owner");
  }
  return { doc, subject, name: b64(sha256(bytes)), issuer, creator, byCreator: issuer === creator, owner, from, created, token, delegation, ending };
}

/** Rules 16 to 19: beside the manifest it names, as token and claims. */
export function besideManifest({ doc, subject, ending }, token, manifest) {
  const { id, edition, licence, title } = manifest.drop;
  need(subject.manifest === "sha256-" + nameOf(token) && subject.drop === id && subject.creator === manifest.iss, "certificate-other-manifest");
  need(subject.editionSize === edition, "certificate-edition-size");
  need(subject.licence === licence, "certificate-licence");
  need(doc.name === title + ending, "certificate-name");
}

/** Rules 20 to 23: beside the receipt it names, as token and claims. */
export function besideReceipt({ subject, issuer, byCreator, delegation, from }, token, receipt) {
  need(subject.receipt === "sha256-" + nameOf(token), "certificate-other-receipt");
  const box = byCreator ? delegation?.sub : issuer;
  need(box === undefined || receipt.iss === kidOf(box), "certificate-other-box");
  need(receipt.test !== true && receipt.items.some((i) => i.drop === subject.drop && i.ed === subject.edition
    && "sha256-" + i.man === subject.manifest && i.minor >= 0), "certificate-not-bought");
  need(from >= receipt.iat, "certificate-before-receipt");
}
