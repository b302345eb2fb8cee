// One question a line (JSON) in, one answer a line out: {"ok": true} or {"ok": false, "code": "…"}. See questions.mjs.
import { createInterface } from "node:readline";
import { fold } from "../../../verify/paths.mjs";
import { reader } from "../../../verify/reader.mjs";
import { answer } from "./questions.mjs";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  if (line.trim()) console.log(JSON.stringify(answer({ ...reader, fold }, JSON.parse(line))));
