// Claim codes (protocol.md 5.6): what opens a download. A receipt names the SHA-256 of its 16 bytes.
import { b64 } from "./bytes.mjs";
import { bytesOf, values } from "./crockford.mjs";
import { need } from "./refused.mjs";
import { sha256 } from "./sha2.mjs";

/** The 16 bytes of a code as people type it. */
export function readClaimCode(text) {
  const signs = text.length <= 200 ? values(text) : undefined;
  const code = signs?.length === 26 ? bytesOf(signs) : undefined;
  need(code, "claim-code-malformed");
  return code;
}
/** As `code` of a receipt has it. */
export const claimHash = (code) => b64(sha256(code));
