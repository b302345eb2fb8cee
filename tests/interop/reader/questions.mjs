// Answers a question about one paper by a reader: that of verify/ on Node, or the built page's. A question is a case of a vector file with
// {kind, trusted: {kid: key in hex}}; {kind: "certificate", document} has the document's JSON as text.
/** {ok: true, found?} or {ok: false, code}; found is what the vectors say that a reader finds. */
export function answer(reader, q) {
  const { hex, manifest, unhex, utf8 } = reader;
  const trusted = new Map(Object.entries(q.trusted ?? {}).map(([kid, x]) => [kid, unhex(x)]));
  const verifier = (v) => ({ name: v.name, key: unhex(v.public), kind: v.kind });
  const signed = (s) => ({ name: s.name, kind: s.kind, time_s: s.time ?? null });
  const kinds = {
    tokens: () => ({ claims: reader.open(q.token, "receipt", trusted).claims }),
    receipt: () => ({ claims: reader.receipt(q.token, "receipt", trusted) }),
    refund: () => ({ claims: reader.receipt(q.token, "refund", trusted) }),
    void: () => ({ claims: reader.receipt(q.token, "void", trusted) }),
    delegation: () => ({ claims: reader.delegation(q.token, trusted) }),
    lease: () => ({ claims: reader.lease(q.token, trusted) }),
    lease_return: () => ({ claims: reader.leaseReturn(q.token, trusted) }),
    manifest: () => ({ claims: manifest(q.token, trusted, q.delegation) }),
    decline: () => {
      const claims = reader.decline(q.token, trusted);
      if (q.delegation) reader.checkDecliner(claims, reader.delegation(q.delegation, trusted), q.drop);
      return { claims };
    },
    close: () => {
      const claims = reader.close(q.token, trusted);
      if (q.manifest) reader.closeBesideManifest(claims, q.manifest, manifest(q.manifest, trusted));
      if (q.entry) reader.checkEntry(claims, q.entry, q.index, q.proof.map(reader.unb64));
      return { claims };
    },
    certificate: () => {
      const paper = reader.certificate(q.document);
      if (q.manifest) reader.besideManifest(paper, q.manifest, manifest(q.manifest, trusted));
      if (q.receipt) reader.besideReceipt(paper, q.receipt, reader.receipt(q.receipt, "receipt", trusted));
      return {};
    },
    badge: () => ({ creator: reader.badge(q.document).creator }),
    presentation: () => {
      const held = reader.check(q.document, { challenge: q.challenge, domain: q.domain, now: q.now_s });
      return held.transferTo ? { transfer_to: held.transferTo } : {};
    },
    answer: () => ({ text: reader.answer(unhex(q.seed), q.document, q) }),
    note: () => {
      const opened = reader.openNote(q.text, q.verifiers.map(verifier)), { origin, size, root } = reader.checkpointOf(opened.body);
      return { origin, size: Number(size), root: hex(root), signed: opened.signatures.map(signed) };
    },
    event: () => {
      reader.event(utf8(q.event));
      return { leaf: hex(reader.leafHash(utf8(q.event))) };
    },
    merkle: () => {
      const proof = q.proof.map(unhex), of = (name) => unhex(q[name]);
      if (q.shows === "inclusion") reader.verifyInclusion(q.index, q.size, of("leaf"), proof, of("root"));
      else reader.verifyConsistency(q.size1, q.size2, proof, of("root1"), of("root2"));
      return {};
    },
    tlog_proof: () => {
      const cloud = verifier(q.cosigner), found = reader.logged(reader.readProof(q.text), reader.readDid(q.box), [cloud]);
      const said = { index: found.event.seq, size: Number(found.checkpoint.size) };
      if (q.certificate) reader.checkCertificate(found, q.certificate);
      if (q.receipt) reader.checkReceipt(found, q.receipt);
      if (q.cosigned_by) {
        const at = reader.cosignedAt(found, cloud, reader.delegation(q.cosigned_by, trusted), q.creator, q.drop);
        if (q.cosigned_s) said.cosigned_s = at;
      }
      return said;
    },
    owner_code: () => {
      const code = reader.readOwnerCode(q.text), seed = reader.seedOf(code), again = reader.writeOwnerCode?.(code);
      if (again && reader.readOwnerCode(again).join() !== code.join()) throw new Error(`written as ${again}`);
      return { code: hex(code), seed: hex(seed), did: reader.didOf(reader.publicOf(seed)) };
    },
    claimcode: () => {
      const code = reader.readClaimCode(q.text);
      return { code: hex(code), hash: reader.claimHash(code) };
    },
    seal: () => reader.seal(q.names),
    hashes: () => ({ sha256: hex(q.parts.reduce((sum, part) => sum.update(unhex(part)), new reader.Sha256()).digest()), sha512: hex(reader.sha512(unhex(q.parts.join("")))) }),
    fold: () => q.texts.map((text) => reader.fold(text)),
    signature: () => ({ holds: reader.verify(unhex(q.key), unhex(q.message), unhex(q.signature)) }),
  };
  try {
    for (const [kid, key] of trusted) reader.need(reader.thumbprint(key) === kid, "token-unknown-key");
    return { ok: true, found: kinds[q.kind]() };
  } catch (e) {
    if (e instanceof reader.Refused) return { ok: false, code: e.code };
    return { ok: false, code: "reader-broken", why: String(e.stack ?? e) };
  }
}
