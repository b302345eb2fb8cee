// All readers of single papers under one name each: what tests and other programs are given of this folder.
import * as badge from "./badge.mjs";
import * as bytes from "./bytes.mjs";
import * as certificate from "./certificate.mjs";
import * as claimcode from "./claimcode.mjs";
import * as close from "./close.mjs";
import * as decline from "./decline.mjs";
import * as delegation from "./delegation.mjs";
import * as event from "./event.mjs";
import * as json from "./json.mjs";
import * as keys from "./keys.mjs";
import * as lease from "./lease.mjs";
import * as manifest from "./manifest.mjs";
import * as merkle from "./merkle.mjs";
import * as note from "./note.mjs";
import * as ownercode from "./ownercode.mjs";
import * as paths from "./paths.mjs";
import * as presentation from "./presentation.mjs";
import * as receipt from "./receipt.mjs";
import * as refused from "./refused.mjs";
import * as seal from "./seal.mjs";
import * as sha2 from "./sha2.mjs";
import * as tlogproof from "./tlogproof.mjs";
import * as token from "./token.mjs";

export const reader = Object.freeze({
  badge, bytes, certificate, claimcode, close, decline, delegation, event, json, keys, lease, manifest, merkle, note, ownercode, paths,
  presentation, receipt, refused, seal, sha2, tlogproof, token,
});
