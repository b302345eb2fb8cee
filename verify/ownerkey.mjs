// A new owner's key, made in a buyer's phone (protocol.md 5.12). build.py puts this and what it needs into static/ownerkey.js.
import { didOf, publicOf } from "./keys.mjs";
import { readOwnerCode, seedOf, writeOwnerCode } from "./ownercode.mjs";

const did = (code) => didOf(publicOf(seedOf(code)));

/** How 16 random bytes are written as an owner code, and the did of the key they make. */
export const ownerOf = (code) => ({ text: writeOwnerCode(code), did: did(code) });
/** The did of a code as people type it. */
export const didOfTyped = (text) => did(readOwnerCode(text));
