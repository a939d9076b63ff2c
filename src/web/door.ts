/**
 * Who may come in: the token, the session cookie it is exchanged for, and the two lists of names that keep other web pages out.
 *
 * The cookie is a MAC of the token, so that it survives a restart with the same token and tells nothing about it. Browsers send
 * cookies to every port of a host: its name carries the port, and it alone never suffices to change anything (the Origin must be
 * ours too).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Failures within the window after which logins are locked. */
const FAILURES = 5;
const WINDOW_MS = 60_000;
const LOCKED_MS = 15 * 60_000;

export interface DoorOptions {
  /** 64 hex digits: 256 bits. */
  readonly token: string;
  readonly port: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** What a request may do: nothing, or everything, with the standing that decides whether it may come without an Origin. */
export type Standing = "nobody" | "bearer" | "cookie";

const TOKEN_FORM = /^[0-9a-f]{64}$/;

/** Equal, in a time that does not depend on where they differ: digests of fixed length are compared. */
const sameSecret = (given: string, wanted: string): boolean =>
  timingSafeEqual(createHash("sha256").update(given).digest(), createHash("sha256").update(wanted).digest());

export class Door {
  readonly #token: string;
  readonly #session: string;
  readonly #now: () => number;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly cookieName: string;
  #failures: number[] = [];
  #lockedUntil = Number.NEGATIVE_INFINITY;

  /** Throws when the token is not 256 bits of hex: a weaker one must not be used by mistake. */
  constructor({ token, port, now }: DoorOptions) {
    if (!TOKEN_FORM.test(token)) throw new TypeError("the token must be 64 hex digits (256 bits)");
    this.#token = token;
    this.#session = createHmac("sha256", token).update("caretaker page session").digest("hex");
    this.#now = now;
    this.cookieName = `caretaker_${port}`;
    const names = [`127.0.0.1:${port}`, `localhost:${port}`];
    this.#hosts = new Set(names);
    this.#origins = new Set(names.map((name) => `http://${name}`));
  }

  /** Whether the Host header is ours: a name that was re-bound to this address is not. */
  knowsHost(host: string | undefined): boolean {
    return host !== undefined && this.#hosts.has(host.toLowerCase());
  }

  knowsOrigin(origin: string | undefined): boolean {
    return origin !== undefined && this.#origins.has(origin);
  }

  /** The standing of a request by its headers. A wrong bearer counts as a failed login. */
  standing(headers: { readonly authorization?: string | undefined; readonly cookie?: string | undefined }): Standing {
    const { authorization, cookie } = headers;
    if (authorization !== undefined) {
      const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (bearer !== undefined && sameSecret(bearer, this.#token)) return "bearer";
      this.#fail();
      return "nobody";
    }
    const session = cookie
      ?.split(";")
      .map((pair) => pair.trim())
      .find((pair) => pair.startsWith(`${this.cookieName}=`))
      ?.slice(this.cookieName.length + 1);
    return session !== undefined && sameSecret(session, this.#session) ? "cookie" : "nobody";
  }

  /** Milliseconds until logins are taken again, 0 when they are. Who is in already stays in: a lock must not lock the operator out. */
  get lockedForMs(): number {
    return Math.max(0, this.#lockedUntil - this.#now());
  }

  /** The Set-Cookie value for the right token; undefined for a wrong one, or while locked. */
  login(token: string): string | undefined {
    if (this.lockedForMs > 0) return undefined;
    if (!sameSecret(token, this.#token)) {
      this.#fail();
      return undefined;
    }
    this.#failures = [];
    return `${this.cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** The Set-Cookie value that forgets the session. */
  get logout(): string {
    return `${this.cookieName}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`;
  }

  #fail(): void {
    const now = this.#now();
    this.#failures = [...this.#failures.filter((at) => now - at < WINDOW_MS), now];
    if (this.#failures.length < FAILURES) return;
    this.#failures = [];
    this.#lockedUntil = now + LOCKED_MS;
  }
}
