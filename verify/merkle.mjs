// Roots and proofs of RFC 9162 trees (protocol.md 7.1, 7.3). Hashes are 32 bytes; numbers may be counts or BigInt.
import { concat, same } from "./bytes.mjs";
import { need, refuse } from "./refused.mjs";
import { sha256 } from "./sha2.mjs";

export const leafHash = (data) => sha256(concat(Uint8Array.of(0), data));
const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));
const EMPTY = sha256(new Uint8Array(0));

const isHash = (x) => x instanceof Uint8Array && x.length === 32;
const whole = (...numbers) => numbers.map((n) => {
  need((typeof n === "bigint" || Number.isInteger(n)) && n >= 0, "proof-counts");
  return BigInt(n);
});
function shape(first, second, proof) {
  need(Array.isArray(proof) && [first, second, ...proof].every(isHash), "proof-not-hashes");
}
/** Climb from a node to the root: `join(sibling, left)` is told of each sibling, and whether it stands on the left. */
function climb(at, last, siblings, join) {
  for (const sibling of siblings) {
    need(last !== 0n, "proof-too-long");
    const left = (at & 1n) === 1n || at === last;
    join(sibling, left);
    if (left) while (!(at & 1n) && at) { at >>= 1n; last >>= 1n; }
    at >>= 1n; last >>= 1n;
  }
  need(last === 0n, "proof-too-short");
}

/** Clause 2.1.3.2: the leaf hash is entry `index` of the tree. */
export function verifyInclusion(index, size, leaf, proof, root) {
  shape(leaf, root, proof);
  [index, size] = whole(index, size);
  need(index < size, "proof-out-of-range");
  let found = leaf;
  climb(index, size - 1n, proof, (sibling, left) => { found = left ? nodeHash(sibling, found) : nodeHash(found, sibling); });
  need(same(found, root), "proof-not-included");
}

/** Clause 2.1.4.2: the first tree is the beginning of the second. */
export function verifyConsistency(size1, size2, proof, root1, root2) {
  shape(root1, root2, proof);
  [size1, size2] = whole(size1, size2);
  need(size1 <= size2, "proof-order");
  if (size1 === 0n || size1 === size2) {
    need((size1 || same(root1, EMPTY)) && (size2 || same(root2, EMPTY)), "proof-empty-root");
    need(size1 !== size2 || same(root1, root2), "proof-forked");
    need(proof.length === 0, "proof-too-long");
    return;
  }
  const path = size1 & (size1 - 1n) ? proof : [root1, ...proof];     // a full first tree is not repeated in the proof
  if (!path.length) refuse("proof-too-short");
  let at = size1 - 1n, last = size2 - 1n;
  while (at & 1n) { at >>= 1n; last >>= 1n; }
  let first = path[0], second = path[0];
  climb(at, last, path.slice(1), (sibling, left) => {
    if (left) { first = nodeHash(sibling, first); second = nodeHash(sibling, second); } else second = nodeHash(second, sibling);
  });
  need(same(first, root1), "proof-other-beginning");
  need(same(second, root2), "proof-not-consistent");
}
