// Answers a question about one paper by a reader: that of verify/ on Node, or the built page's. A question is a case of a vector file with
// {kind, trusted: {kid: key in hex}}; {kind: "certificate", document} has the document's JSON as text.
/** {ok: true, found?} or {ok: false, code}; found is what the vectors say that a reader finds. */
export function answer(reader, q) {
  const { bytes, keys, lease, note, refused, token } = reader;
  const trusted = new Map(Object.entries(q.trusted ?? {}).map(([kid, x]) => [kid, bytes.unhex(x)]));
  const verifier = (v) => ({ name: v.name, key: bytes.unhex(v.public), kind: v.kind });
  const signed = (s) => ({ name: s.name, kind: s.kind, time_s: s.time ?? null });
  const kinds = {
    tokens: () => ({ claims: token.open(q.token, "receipt", trusted).claims }),
    receipt: () => ({ claims: reader.receipt.receipt(q.token, "receipt", trusted) }),
    refund: () => ({ claims: reader.receipt.receipt(q.token, "refund", trusted) }),
    void: () => ({ claims: reader.receipt.receipt(q.token, "void", trusted) }),
    delegation: () => ({ claims: reader.delegation.delegation(q.token, trusted) }),
    lease: () => ({ claims: lease.lease(q.token, trusted) }),
    lease_return: () => ({ claims: lease.leaseReturn(q.token, trusted) }),
    manifest: () => ({ claims: reader.manifest.manifest(q.token, trusted, q.delegation) }),
    decline: () => {
      const claims = reader.decline.decline(q.token, trusted);
      if (q.delegation) reader.decline.checkDecliner(claims, reader.delegation.delegation(q.delegation, trusted), q.drop);
      return { claims };
    },
    close: () => {
      const claims = reader.close.close(q.token, trusted);
      if (q.manifest) reader.close.closeBesideManifest(claims, q.manifest, reader.manifest.manifest(q.manifest, trusted));
      if (q.entry) reader.close.checkEntry(claims, q.entry, q.index, q.proof.map(bytes.unb64));
      return { claims };
    },
    certificate: () => {
      const paper = reader.certificate.certificate(q.document);
      if (q.manifest) reader.certificate.besideManifest(paper, q.manifest, reader.manifest.manifest(q.manifest, trusted));
      if (q.receipt) reader.certificate.besideReceipt(paper, q.receipt, reader.receipt.receipt(q.receipt, "receipt", trusted));
      return {};
    },
    badge: () => ({ creator: reader.badge.badge(q.document).creator }),
    presentation: () => {
      const held = reader.presentation.check(q.document, { challenge: q.challenge, domain: q.domain, now: q.now_s });
      return held.transferTo ? { transfer_to: held.transferTo } : {};
    },
    note: () => {
      const opened = note.openNote(q.text, q.verifiers.map(verifier)), { origin, size, root } = note.checkpointOf(opened.body);
      return { origin, size: Number(size), root: bytes.hex(root), signed: opened.signatures.map(signed) };
    },
    event: () => ({ leaf: (reader.event.event(bytes.utf8(q.event)), bytes.hex(reader.merkle.leafHash(bytes.utf8(q.event)))) }),
    merkle: () => {
      const { verifyInclusion, verifyConsistency } = reader.merkle, proof = q.proof.map(bytes.unhex), of = (name) => bytes.unhex(q[name]);
      if (q.shows === "inclusion") verifyInclusion(q.index, q.size, of("leaf"), proof, of("root"));
      else verifyConsistency(q.size1, q.size2, proof, of("root1"), of("root2"));
      return {};
    },
    tlog_proof: () => {
      const { readProof, logged, checkCertificate, checkReceipt, cosignedAt } = reader.tlogproof, cloud = verifier(q.cosigner);
      const found = logged(readProof(q.text), keys.readDid(q.box), [cloud]);
      const said = { index: found.event.seq, size: Number(found.checkpoint.size) };
      if (q.certificate) checkCertificate(found, q.certificate);
      if (q.receipt) checkReceipt(found, q.receipt);
      if (q.cosigned_by) {
        const given = reader.delegation.delegation(q.cosigned_by, trusted);
        const at = cosignedAt(found, cloud, given, q.creator, q.drop);
        if (q.cosigned_s) said.cosigned_s = at;
      }
      return said;
    },
    owner_code: () => {
      const code = reader.ownercode.readOwnerCode(q.text), seed = reader.ownercode.seedOf(code);
      if (reader.ownercode.readOwnerCode(reader.ownercode.writeOwnerCode(code)).join() !== code.join()) throw new Error("written otherwise");
      return { code: bytes.hex(code), seed: bytes.hex(seed), did: keys.didOf(keys.publicOf(seed)) };
    },
    claimcode: () => {
      const code = reader.claimcode.readClaimCode(q.text);
      return { code: bytes.hex(code), hash: reader.claimcode.claimHash(code) };
    },
    seal: () => reader.seal.seal(q.names),
  };
  try {
    for (const [kid, key] of trusted) refused.need(keys.thumbprint(key) === kid, "token-unknown-key");
    return { ok: true, found: kinds[q.kind]() };
  } catch (e) {
    if (e instanceof refused.Refused) return { ok: false, code: e.code };
    return { ok: false, code: "reader-broken", why: String(e.stack ?? e) };
  }
}
