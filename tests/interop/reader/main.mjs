// One question a line (JSON) in, one answer a line out: {"ok": true} or {"ok": false, "code": "…"}. See questions.mjs.
import { createInterface } from "node:readline";
import { claimHash, readClaimCode } from "../../../verify/claimcode.mjs";
import { verifyConsistency } from "../../../verify/merkle.mjs";
import { writeOwnerCode } from "../../../verify/ownercode.mjs";
import { fold } from "../../../verify/paths.mjs";
import { reader } from "../../../verify/reader.mjs";
import { Sha256, sha512 } from "../../../verify/sha2.mjs";
import { answer } from "./questions.mjs";

const more = { Sha256, claimHash, fold, readClaimCode, sha512, verifyConsistency, writeOwnerCode };
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  if (line.trim()) console.log(JSON.stringify(answer({ ...reader, ...more }, JSON.parse(line))));
