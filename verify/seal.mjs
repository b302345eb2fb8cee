// Seals (protocol.md 5.13): four lines, drawn from the digest of what a certificate names. Integers only.
import { ascii, concat, hex, utf8 } from "./bytes.mjs";
import { sha256 } from "./sha2.mjs";

/** Pairs of lobes and turns: for `first` turns the lobes of the first word, in base 36, for one turn more those of the next. */
const shapes = (first, words) => words.split(" ").flatMap((word, i) => Array.from(word, (digit) => [parseInt(digit, 36), first + i]));
const FIGURES = [
  {
    shapes: shapes(4, "9bdf bcdeghij dhjn fghijkmnop hjlnpr"),
    widths: [2, 3], share: 2, step: 4,
  },
  { shapes: shapes(2, "79bd 8abde 9bdf ceg"), widths: [3, 5], share: 5, step: 8 },
  { shapes: shapes(1, "56789ac 579b 78ab 9"), widths: [4, 7], share: 4, step: 8 },
];
const TONES = ["002", "005", "020", "025", "100", "105", "202", "013"];

const SIN = Array.from({ length: 2880 }, (_, i) => Math.round(16384 * Math.sin((2 * Math.PI * i) / 2880)));
const sin = (i) => SIN[((i % 2880) + 2880) % 2880];
const near = (v, d) => Math.floor((2 * v + d) / (2 * d));

function curves(digest) {
  const bytes = sha256(concat(ascii("stall-seal-1"), digest));
  let at = 0;
  const next = () => bytes[at++];
  const one = (list) => list[next() % list.length];
  const rim = { lobes: one([47, 53, 59, 61]), turns: 2, low: 469, high: 495, width: 3, tone: 0, share: 0, phase: 0, lean: 0, turn: 0, step: 4 };
  const heartHigh = one([150, 175, 200, 230]), ringHigh = one([280, 305, 330, 360]), heartLow = one([15, 40, 65, 90]);
  const ringLow = heartHigh + one([-50, -25, 0, 25]), laceLow = ringHigh + one([-100, -65, -30, 5]);
  const tones = one(TONES);
  const radii = [[laceLow, 452], [ringLow, ringHigh], [heartLow, heartHigh]];
  return [rim, ...FIGURES.map((figure, which) => {
    const [lobes, turns] = one(figure.shapes);
    const width = one(figure.widths);
    const share = figure.share * (next() % 8), phase = 180 * (next() % 16), lean = (next() % 16) - 8, turn = 11 * next();
    return { lobes, turns, low: radii[which][0], high: radii[which][1], width, tone: Number(tones[which]), share, phase, lean, turn, step: figure.step };
  })];
}

function path(c) {
  const middle = Math.floor((c.low + c.high) / 2), swing = Math.floor((c.high - c.low) / 2);
  const second = Math.floor((swing * c.share) / 100), tilt = near(120 * c.lean, c.lobes);
  let d = "", px = 0, py = 0;
  for (let t = 0; t < 2880; t += c.step) {
    const wave = sin(c.lobes * t);
    const radius = 16384 * middle + (swing - second) * wave + second * sin(2 * c.lobes * t + c.phase);
    const angle = c.turns * t + c.turn + near(tilt * wave, 16384);
    const x = 500 + near(radius * sin(angle + 720), 2 ** 28), y = 500 + near(radius * sin(angle), 2 ** 28);
    d += t === 0 ? `M${x} ${y}l` : `${t > c.step ? " " : ""}${x - px} ${y - py}`;
    px = x; py = y;
  }
  return d.replace(/ -/g, "-") + "z";
}

/**
 * @param {[string, string, string, number|null, string]} names   creator, drop, manifest, edition or null, receipt, as a certificate has them
 * @returns {{digest: string, called: string, curves: object[], lines: {width: number, tone: number, d: string}[]}}   for a box of
 *   1000 by 1000; `d` is SVG path data, to be stroked `width` wide with round joins and filled by even-odd at an opacity of `tone` tenths
 */
export function seal(names) {
  // RFC 8785 of texts, a whole number and null in a list is what JSON.stringify writes.
  const digest = sha256(utf8(JSON.stringify(names)));
  const chosen = curves(digest);
  return {
    digest: hex(digest), called: hex(digest.subarray(0, 8)).match(/.{4}/g).join(" "), curves: chosen,
    lines: chosen.map((c) => ({ width: c.width, tone: c.tone, d: path(c) })),
  };
}
