/**
 * Stands between the TCP socket and IBApi, and lets through whole, sane frames only.
 *
 * IBApi's own framing loop reads the length as a signed number without a lower bound: a negative one spins for ever, in the
 * socket's handler. It also decodes an order's rejection details as JSON without a net, and takes quadratic time over a frame
 * with very many fields. So its private `controller.socket.onData` is replaced (a contract test holds that seam to the pinned
 * version); of any other IbClient there is nothing to guard.
 */
import type { IbClient } from "../../ports/ib-client.ts";

/** IBApi gives up on more than 0xffffff buffered bytes, prefix included. */
export const LARGEST_FRAME = 0xff_ffff - 4;
/** Measured: 80,000 fields (10,000 bars) hold the process for a third of a second, 88,000 for four. */
const MOST_FIELDS = 80_000;
/** Handed to IBApi at one time at most (or one frame, if that is larger). */
const HANDFUL = 1 << 20;
const PREFIX = 4;
const ERROR_MESSAGE = Buffer.from("4\0");

export interface FramingGuard {
  /** Stops and restarts reading from the socket: the kernel's inbox is full. */
  pause(): void;
  resume(): void;
  /** Bytes given to the socket that have not left the process. */
  unsent(): number;
  /** Nothing gets through any more. */
  close(): void;
}

/** The part of IBApi's private socket that is replaced or asked. `client` is the net.Socket, from `connect` on. */
interface PrivateSocket {
  onData(data: Buffer): void;
  readonly client?: { pause(): unknown; resume(): unknown; readonly writableLength: number };
}

/** IBApi's private socket, or undefined when the client has none (a session of the simulated broker). */
export const privateSocketOf = (client: IbClient): PrivateSocket | undefined => {
  const { controller } = client as unknown as { controller?: { socket?: Partial<PrivateSocket> } };
  const socket = controller?.socket;
  return typeof socket?.onData === "function" ? (socket as PrivateSocket) : undefined;
};

/**
 * An error message with its last field, the rejection's JSON, moved to the end of the text. IBApi unescapes that field before
 * it parses it, so that even a sound document can break it, and we want only its words (B11).
 */
const withoutJson = (payload: Buffer): Buffer => {
  const fields = payload.toString("utf8").split("\0");
  const json = fields[5];
  if (fields.length !== 7 || !json) return payload;
  fields[4] = `${fields[4]} ${json}`;
  fields[5] = "";
  return Buffer.from(fields.join("\0"), "utf8");
};

const hasTooManyFields = (payload: Buffer): boolean => {
  if (payload.length <= MOST_FIELDS) return false;
  let fields = 0;
  for (let at = payload.indexOf(0); at >= 0; at = payload.indexOf(0, at + 1)) if (++fields > MOST_FIELDS) return true;
  return false;
};

/** Collects arbitrary chunks into frames. Returns the reason of the first violation, after handing on the frames before it. */
const createFramer = (handOn: (frames: Buffer) => void): ((chunk: Buffer) => string | undefined) => {
  let pieces: Buffer[] = [];
  let held = 0;
  /** Bytes that the next step needs: a prefix, or a prefix and its payload. */
  let needed = PREFIX;
  return (chunk) => {
    pieces.push(chunk);
    held += chunk.length;
    if (held < needed) return undefined;
    const data = pieces.length === 1 ? chunk : Buffer.concat(pieces, held);
    const frames: Buffer[] = [];
    let size = 0;
    const flush = () => {
      if (size > 0) handOn(Buffer.concat(frames, size));
      frames.length = 0;
      size = 0;
    };
    const take = (bytes: Buffer) => {
      frames.push(bytes);
      size += bytes.length;
    };
    let at = 0;
    let violation: string | undefined;
    needed = PREFIX;
    while (data.length - at >= PREFIX) {
      const length = data.readInt32BE(at);
      if (length < 1 || length > LARGEST_FRAME) {
        violation = `a frame of ${length} bytes`;
        break;
      }
      needed = PREFIX + length;
      if (data.length - at < needed) break;
      const payload = data.subarray(at + PREFIX, at + needed);
      // IBApi would keep the open end and put it before the next message, which would be lost without a word: perhaps a fill.
      if (payload.at(-1) !== 0) {
        violation = "a frame whose last field does not end";
        break;
      }
      if (hasTooManyFields(payload)) {
        violation = `a frame of more than ${MOST_FIELDS} fields`;
        break;
      }
      if (size > 0 && size + needed > HANDFUL) flush();
      if (payload.subarray(0, 2).equals(ERROR_MESSAGE)) {
        const cleaned = withoutJson(payload);
        const prefix = Buffer.alloc(PREFIX);
        prefix.writeInt32BE(cleaned.length);
        take(prefix);
        take(cleaned);
      } else {
        take(data.subarray(at, at + needed));
      }
      at += needed;
      needed = PREFIX;
    }
    pieces = at < data.length ? [data.subarray(at)] : [];
    held = data.length - at;
    flush();
    return violation;
  };
};

/** Guards a client's socket. `violated` is called at most once, when the bytes are no sane frames or IBApi threw over them. */
export const guardFraming = (client: IbClient, violated: (reason: string) => void): FramingGuard => {
  const socket = privateSocketOf(client);
  if (!socket) return { pause: () => {}, resume: () => {}, unsent: () => 0, close: () => {} };
  const toIbApi = socket.onData.bind(socket);
  const frame = createFramer((frames) => {
    if (!closed) toIbApi(frames);
  });
  let closed = false;
  const violate = (reason: string) => {
    if (closed) return;
    closed = true;
    violated(reason);
  };
  socket.onData = (data) => {
    if (closed) return;
    try {
      const violation = frame(data);
      if (violation !== undefined) violate(`framing: ${violation}`);
    } catch (error) {
      violate(`undecodable: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    pause: () => void socket.client?.pause(),
    resume: () => void socket.client?.resume(),
    unsent: () => socket.client?.writableLength ?? 0,
    close: () => {
      closed = true;
    },
  };
};
