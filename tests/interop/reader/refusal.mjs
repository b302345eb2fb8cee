// A document is refused by throwing the code of the rule it breaks.

export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export function refuse(code) {
  throw new Refusal(code);
}
