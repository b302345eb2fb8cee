// The readers of single papers under one roof: what tests and other programs are given of the page, as `stall.reader`. What the page
// has no use for (claim codes, whether one journal begins as another, making an owner code) has its modules here alone.
import { badge } from "./badge.mjs";
import { hex, unb64, unhex, utf8 } from "./bytes.mjs";
import { besideManifest, besideReceipt, certificate } from "./certificate.mjs";
import { checkEntry, close, closeBesideManifest } from "./close.mjs";
import { checkDecliner, decline } from "./decline.mjs";
import { delegation } from "./delegation.mjs";
import { event } from "./event.mjs";
import { didOf, publicOf, readDid, thumbprint, verify } from "./keys.mjs";
import { lease, leaseReturn } from "./lease.mjs";
import { manifest } from "./manifest.mjs";
import { leafHash, verifyInclusion } from "./merkle.mjs";
import { checkpointOf, openNote } from "./note.mjs";
import { readOwnerCode, seedOf } from "./ownercode.mjs";
import { answer, check } from "./presentation.mjs";
import { receipt } from "./receipt.mjs";
import { need, Refused } from "./refused.mjs";
import { seal } from "./seal.mjs";
import { checkCertificate, checkReceipt, cosignedAt, logged, readProof } from "./tlogproof.mjs";
import { open } from "./token.mjs";

export const reader = Object.freeze({
  Refused, answer, badge, besideManifest, besideReceipt, certificate, check, checkCertificate, checkDecliner, checkEntry,
  checkReceipt, checkpointOf, close, closeBesideManifest, cosignedAt, decline, delegation, didOf, event, hex, leafHash,
  lease, leaseReturn, logged, manifest, need, open, openNote, publicOf, readDid, readOwnerCode, readProof, receipt,
  seal, seedOf, thumbprint, unb64, unhex, utf8, verify, verifyInclusion,
});
