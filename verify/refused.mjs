// How every reader here says no: by one of the codes of docs/protocol.md, the same that the command line gives.

/** Thrown for a paper that breaks a rule; `code` names the rule. Anything else that is thrown is a fault of ours. */
export class Refused extends Error {
  constructor(code) { super(code); this.code = code; }
}
export const refuse = (code) => { throw new Refused(code); };
export const need = (holds, code) => { if (!holds) refuse(code); };
/** What `f` gives, or the Refused it throws. */
export function tried(f) {
  try { return f(); } catch (e) { if (e instanceof Refused) return e; throw e; }
}
