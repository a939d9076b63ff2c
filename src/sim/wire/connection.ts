/**
 * One client's connection, from its first byte to its last: handshake, START_API, then requests in and events out. It owns one
 * session at the desk and shares nothing with other connections; whatever goes wrong here ends here.
 */
import type { Socket } from "node:net";
import type { GatewayClient } from "../gateway-api.ts";
import { FrameParser, fieldsOf } from "./frame.ts";
import type { GatewayContext } from "./gateway-context.ts";
import type { Line, LineFault } from "./line.ts";
import { MessageBudget } from "./message-budget.ts";
import { greeting, negotiate } from "./negotiation.ts";
import { Outflow } from "./outflow.ts";
import { parseRequest } from "./requests/parse.ts";
import type { Request } from "./requests/request.ts";
import { errorMessage, NO_SUBJECT } from "./responses/notice.ts";
import { Relay } from "./responses/relay.ts";
import { isStreamed } from "./responses/streamed.ts";

const MALFORMED_CODE = 320;
const TOO_FAST_CODE = 100;
/** A gateway that rejects closes the connection at this violation of the message rate. */
const LAST_VIOLATION = 3;
/** Frames, and bytes of them, that may wait for their turn before the socket is left unread. */
const MAX_WAITING_FRAMES = 1000;
const MAX_WAITING_BYTES = 1024 * 1024;
/** How long a client may take to close its side after we have closed ours, in real milliseconds. */
const LINGER_MS = 2000;

export class Connection {
  readonly #socket: Socket;
  readonly #context: GatewayContext;
  readonly #parser = new FrameParser("API\0");
  readonly #outflow: Outflow;
  readonly #budget: MessageBudget;
  readonly #fault: LineFault | undefined;
  #serverVersion: number | undefined;
  #clientId: number | undefined;
  #session: { readonly client: GatewayClient; readonly relay: Relay } | undefined;
  /** Messages that wait for their turn; one that is no message, too, so that its complaint comes in turn. */
  #waiting: { readonly fields: readonly string[] | undefined; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #cancelWake: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;
  #violations = 0;
  #over = false;

  /** `number` counts the gateway's connections from 1. */
  constructor(socket: Socket, context: GatewayContext, number: number) {
    this.#socket = socket;
    this.#context = context;
    const line: Line = {
      number,
      clientId: () => this.#clientId,
      finish: (why) => this.finish(why),
      reset: (why) => this.reset(why),
      put: (bytes) => {
        if (socket.writable) socket.write(bytes);
      },
    };
    this.#fault = context.lineFaults?.(line);
    this.#budget = new MessageBudget(context.messagesPerSecond, context.scheduler.now());
    this.#outflow = new Outflow(socket, {
      maxQueuedBytes: context.maxQueuedBytes,
      fault: this.#fault,
      onOverflow: (queuedBytes) => this.reset(`the client does not read: ${queuedBytes} bytes are waiting for it`),
    });
    socket.setNoDelay(true);
    const receive = (chunk: Buffer): void => this.#guard(() => this.#receive(chunk));
    socket.on("data", this.#fault === undefined ? receive : (chunk) => this.#guard(() => this.#fault?.read(chunk, receive)));
    socket.on("error", (error) => this.#leave(`the socket failed: ${error.message}`));
    socket.on("end", () => this.finish("the client has closed the connection"));
    socket.on("close", () => {
      this.#leave("the connection is gone");
      this.#cancelLinger?.();
      this.#fault?.gone?.();
    });
  }

  /** Says what is left to say, then FIN. */
  finish(why: string): void {
    if (this.#over) return;
    this.#session?.relay.flush();
    this.#leave(why);
    this.#outflow.end();
    // Bytes that nobody reads would hide the client's own FIN.
    this.#socket.resume();
    this.#cancelLinger = this.#context.scheduler.after(LINGER_MS, () => this.#socket.destroy());
  }

  /** Breaks the connection at once with RST; what was not sent yet is lost. */
  reset(why: string): void {
    this.#outflow.stop();
    this.#leave(why);
    this.#socket.resetAndDestroy();
  }

  /** Lets what was sent drain and closes the socket, without waiting for the client. */
  close(): void {
    this.finish("the gateway closes");
    this.#socket.destroySoon();
  }

  /** The session ends with its connection, once, however that comes about. */
  #leave(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelWake?.();
    this.#waiting = [];
    this.#context.logger.info({ clientId: this.#clientId }, why);
    const client = this.#session?.client;
    if (client === undefined) return;
    client.removeAllListeners();
    // Not at once: this may run inside one of the broker's own events, and it should not meet itself there.
    queueMicrotask(() => {
      try {
        client.disconnect();
      } catch (error) {
        this.#context.logger.error({ clientId: this.#clientId, error }, "the broker failed to end the session");
      }
    });
  }

  /** Runs a piece of this connection's work; a fault in it ends this connection and no other. */
  #guard(action: () => void): void {
    if (this.#over) return;
    try {
      action();
    } catch (error) {
      this.#context.logger.error({ clientId: this.#clientId, error }, "a fault of the gateway ends this connection");
      this.reset("closed after a fault");
    }
  }

  #say(fields: readonly string[]): void {
    if (this.#over) return;
    this.#context.onFrame?.("out", this.#clientId, fields, this.#serverVersion);
    this.#outflow.send(fields, isStreamed(fields));
  }

  #complain(subject: number, code: number, message: string): void {
    if (this.#serverVersion !== undefined) this.#say(errorMessage(this.#serverVersion, subject, code, message));
  }

  #receive(chunk: Buffer): void {
    const { payloads, violation } = this.#parser.push(chunk);
    for (const payload of payloads) {
      if (this.#over) return;
      if (this.#serverVersion === undefined) this.#greet(payload.toString("latin1"));
      else this.#queue(payload);
    }
    this.#work();
    if (violation !== undefined) this.finish(`the client broke the framing: ${violation}`);
  }

  #greet(offer: string): void {
    this.#context.onFrame?.("in", undefined, [offer], undefined);
    const outcome = negotiate(offer);
    if (!outcome.agreed) {
      this.finish(outcome.reason);
      return;
    }
    this.#serverVersion = outcome.serverVersion;
    this.#say(greeting(outcome.serverVersion, this.#context.now()));
  }

  #queue(payload: Buffer): void {
    const fields = fieldsOf(payload);
    if (fields !== undefined) this.#context.onFrame?.("in", this.#clientId, fields, this.#serverVersion);
    this.#waiting.push({ fields, bytes: payload.length });
    this.#waitingBytes += payload.length;
  }

  /** Handles what waits, as far as the message rate allows, and lets the socket wait when too much does. */
  #work(): void {
    let handled = 0;
    for (const { fields, bytes } of this.#waiting) {
      if (this.#over || !this.#mayHandle()) break;
      handled += 1;
      this.#waitingBytes -= bytes;
      this.#handle(fields);
    }
    this.#waiting = this.#over ? [] : this.#waiting.slice(handled);
    if (this.#waiting.length > MAX_WAITING_FRAMES || this.#waitingBytes > MAX_WAITING_BYTES) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Pacing: wait for a token. Rejecting: every message is handled, those without a token by a complaint. */
  #mayHandle(): boolean {
    if (this.#context.pacing === "reject") return true;
    if (this.#cancelWake !== undefined) return false;
    if (this.#session === undefined || this.#budget.take(this.#context.scheduler.now())) return true;
    this.#cancelWake = this.#context.scheduler.after(this.#budget.waitMs(), () => {
      this.#cancelWake = undefined;
      this.#guard(() => this.#work());
    });
    return false;
  }

  #isTooFast(): boolean {
    if (this.#context.pacing !== "reject" || this.#session === undefined) return false;
    if (this.#budget.take(this.#context.scheduler.now())) return false;
    this.#violations += 1;
    const rate = this.#context.messagesPerSecond;
    this.#complain(
      NO_SUBJECT,
      TOO_FAST_CODE,
      `Max rate of messages per second has been exceeded:max=${rate} rec=${rate + this.#violations} (${this.#violations})`,
    );
    if (this.#violations >= LAST_VIOLATION) this.finish("the client kept sending too fast");
    return true;
  }

  #handle(fields: readonly string[] | undefined): void {
    if (this.#isTooFast() || this.#serverVersion === undefined) return;
    if (fields === undefined) {
      this.#complain(NO_SUBJECT, MALFORMED_CODE, "Error reading request. Its last field is not closed by a NUL byte.");
      return;
    }
    const { logger } = this.#context;
    const parsed = parseRequest(fields, this.#serverVersion);
    switch (parsed.kind) {
      case "unknown":
        logger.warn({ clientId: this.#clientId, messageId: parsed.id }, "a request that this gateway does not know is ignored");
        return;
      case "malformed":
        logger.warn({ clientId: this.#clientId, request: parsed.name, reason: parsed.reason }, "a malformed request is refused");
        this.#complain(parsed.subject, MALFORMED_CODE, `Error reading request. ${parsed.name}: ${parsed.reason}`);
        return;
      case "request":
        this.#fulfil(parsed.name, parsed.request);
    }
  }

  #fulfil(name: string, request: Request): void {
    const session = this.#session;
    if (request.kind === "startApi") {
      if (session === undefined) this.#start(request.clientId);
      else this.#context.logger.warn({ clientId: this.#clientId }, "a second START_API is ignored");
      return;
    }
    if (session === undefined) {
      this.#context.logger.warn({ request: name }, "a request before START_API is ignored");
      return;
    }
    if (request.kind === "answer" && this.#serverVersion !== undefined) this.#say(request.message(this.#serverVersion));
    if (request.kind !== "call") return;
    if (request.forgets !== undefined) session.relay.forget(request.forgets);
    request.call(session.client);
  }

  #start(clientId: number): void {
    this.#clientId = clientId;
    const client = this.#context.desk.client();
    const relay = new Relay(client, {
      serverVersion: this.#serverVersion ?? 0,
      say: (fields) => this.#say(fields),
      guard: (action) => this.#guard(action),
      onDisconnected: () => this.finish("the broker has ended the session"),
    });
    this.#session = { client, relay };
    client.connect(clientId);
  }
}
