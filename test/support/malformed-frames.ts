/**
 * Frames that nobody should send: sound messages with a field lost, doubled, swapped or made nonsense of, cut off anywhere, or plain
 * random bytes. Their lengths are sound, so that the stream goes on behind them; insane lengths are a list of their own.
 */

/** The same numbers for the same seed: uint32 after uint32. */
export const createDice = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};
export type Dice = ReturnType<typeof createDice>;

const NONSENSE: readonly Buffer[] = [
  ...["", "0", "-1", "2147483647", "2147483648", "99999999999999999999999", "-0", "1e309", "NaN", "Infinite", "Infinity", "0x10"],
  ...["1.5", "1,5", " 1", "true", "yes", "?", "BAG", "PEG BENCH", "None", "\\u0000", "\\ud800", "🙂", '{"a', "[]", "finished-"],
  ...["1.7976931348623157E308", "a".repeat(300), "%s%n", "../..", "\r\n\r\n", "API"],
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.from([0xff, 0xfe]), Buffer.from([0xc3, 0x28]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([1, 2, 3, 127])]);

const joined = (fields: readonly Uint8Array[]): Buffer => Buffer.concat(fields.flatMap((field) => [field, Buffer.of(0)]));

/** A payload that was one of the samples before something happened to it. */
const spoiled = (dice: Dice, samples: readonly (readonly string[])[]): Buffer => {
  const pick = <T>(from: readonly T[]): T => from[dice(from.length)] as T;
  const fields: Uint8Array[] = pick(samples).map((field) => Buffer.from(field));
  const at = dice(fields.length);
  switch (dice(9)) {
    case 0:
      return joined(fields.toSpliced(at, 1));
    case 1:
      return joined(fields.toSpliced(at, 0, fields[at] ?? Buffer.of(0)));
    case 2:
      return joined(fields.map((field, n) => (n === at || dice(fields.length) === 0 ? pick(NONSENSE) : field)));
    case 3:
      // What follows is that of another message.
      return joined([...fields.slice(0, at + 1), ...pick(samples).map((field) => Buffer.from(field))]);
    case 4:
      return joined(fields).subarray(0, 1 + dice(joined(fields).length));
    case 5:
      return joined([Buffer.from(String(dice(300))), ...fields.slice(1)]);
    case 6: {
      const bytes = joined(fields);
      for (let flips = 1 + dice(3); flips > 0; flips -= 1) bytes[dice(bytes.length)] = dice(256);
      return bytes;
    }
    case 7:
      return Buffer.from(Array.from({ length: 1 + dice(60) }, () => dice(256)));
    default:
      // Lists that claim more than there is, or less.
      return joined(fields.map((field) => (field.length === 1 && dice(4) === 0 ? pick(NONSENSE) : field)));
  }
};

/** `open` frames may end without the NUL that closes their last field. */
export const malformedFrame = (dice: Dice, samples: readonly (readonly string[])[], open: boolean): Buffer => {
  const payload = spoiled(dice, samples);
  const closed = payload.length > 0 && (open || payload.at(-1) === 0) ? payload : Buffer.concat([payload, Buffer.of(0)]);
  const frame = Buffer.alloc(4 + closed.length);
  frame.writeUInt32BE(closed.length);
  closed.copy(frame, 4);
  return frame;
};

const lengthOf = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length | 0);
  return bytes;
};

/** Beginnings of frames that no stream survives: to both sides, whatever comes behind them. */
export const INSANE: readonly (readonly [what: string, bytes: Buffer])[] = [
  ["an empty frame", lengthOf(0)],
  ["a negative length", lengthOf(-4)],
  ["the largest negative length", lengthOf(-2_147_483_648)],
  ["the largest length", lengthOf(0x7fffffff)],
  ["16 MiB", lengthOf(0x1000000)],
  ["16 MiB and a byte", lengthOf(0x1000001)],
  ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["a TLS handshake", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc])],
  ["the preamble once more", Buffer.from("API\0\0\0\0\x09v157..178")],
];
