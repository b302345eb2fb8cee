// Finds the key of a did:key, and the did document that says what it may be used for. Nothing is fetched.
const DID = "https://www.w3.org/ns/did/v1";
const MULTIKEY = "https://w3id.org/security/multikey/v1";

export async function documentLoader(url) {
  const [did, fragment] = url.split("#");
  if (!did.startsWith("did:key:z")) throw new Error(`not a did:key: ${url}`);
  const publicKeyMultibase = did.slice("did:key:".length);
  const id = `${did}#${publicKeyMultibase}`;
  const key = { "@context": MULTIKEY, id, type: "Multikey", controller: did, publicKeyMultibase };
  if (fragment === undefined) {
    const whole = { "@context": [DID, MULTIKEY], id: did, verificationMethod: [key], assertionMethod: [id], authentication: [id] };
    return { documentUrl: url, document: whole };
  }
  if (url !== id) throw new Error(`not the key of that did:key: ${url}`);
  return { documentUrl: url, document: key };
}
