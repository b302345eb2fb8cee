// One entry of a journal (protocol.md 7.1).
import { canonicalBytes, decode, isObject, parse } from "./json.mjs";
import { same } from "./bytes.mjs";
import * as m from "./members.mjs";
import { need, Refused } from "./refused.mjs";

const holds = (check, value, code) => {
  try { check(value); } catch (e) { if (e instanceof Refused) throw new Refused(code); throw e; }
};
const kind = m.spelled("[a-z][a-z0-9_.-]{0,63}"), at = m.int(0, 4102444800000);

/** The members of an event, from its exact bytes. */
export function event(bytes) {
  const e = parse(decode(bytes, 256 * 1024), 12);
  need(isObject(e) && Object.keys(e).sort().join() === "at,body,clk,epoch,kind,seq,v", "event-members");
  need(e.v === 1, "event-version");
  holds(m.id22, e.epoch, "event-epoch");
  holds(m.count, e.seq, "event-seq");
  holds(kind, e.kind, "event-kind");
  holds(at, e.at, "event-at");
  holds(m.clock, e.clk, "event-clk");
  holds(m.anyObject, e.body, "event-body");
  need(same(canonicalBytes(e), bytes), "event-not-canonical");
  return e;
}
