/**
 * The daemon's face: the page, its API and its stream, on this machine alone. It reads the read model and hands commands to the
 * inbox; it decides nothing. Who may come in is door.ts.
 *
 * Answers, in this order: 421 for a Host that is not ours; 403 for a change or an upgrade whose Origin is not ours; 401 without a
 * token; 429 while logins are locked.
 */
import type { Socket } from "node:net";
import websocket from "@fastify/websocket";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { ReadModel } from "../projections/read-model.ts";
import { alertCommandRoutes } from "./alert-commands.ts";
import { readingRoutes } from "./api.ts";
import { type Command, commandRoutes } from "./commands.ts";
import { Door } from "./door.ts";
import { securityHeaders } from "./headers.ts";
import { pageFiles } from "./page-files.ts";
import { type Reader, Stream } from "./stream.ts";

export interface WebServerOptions {
  readonly readModel: ReadModel;
  readonly command: Command;
  /** 64 hex digits. */
  readonly token: string;
  /** Wanted; a busy one gives way to the next free one. 0: any free one. */
  readonly port: number;
  readonly logger?: FastifyBaseLogger;
  /** Monotonic milliseconds; for tests of the lock. */
  readonly now?: () => number;
}
export interface WebServer {
  readonly port: number;
  /** With the token in the fragment, which browsers neither send nor log. */
  readonly url: string;
  close(): Promise<void>;
}

const ADDRESS = "127.0.0.1";
const BODY_LIMIT = 64 * 1024;
const PORTS_TRIED = 20;
const CONNECTIONS = 64;
const TIMEOUT_MS = 10_000;

const isUpgrade = (request: FastifyRequest): boolean => request.headers.upgrade !== undefined;
const isReading = (request: FastifyRequest): boolean =>
  (request.method === "GET" || request.method === "HEAD") && !isUpgrade(request);

/** Starts listening. Throws when none of the next 20 ports is free, or the token is weak. */
export const createWebServer = async (options: WebServerOptions): Promise<WebServer> => {
  const files = pageFiles();
  for (let tried = 0; ; tried++) {
    const wanted = options.port === 0 ? 0 : options.port + tried;
    const server = await listening(options, files, wanted);
    if (server !== undefined) return server;
    if (tried + 1 >= PORTS_TRIED || wanted >= 65_535)
      throw new Error(`no free port from ${options.port} to ${wanted}: choose another with --http-port`);
  }
};

const listening = async (
  options: WebServerOptions,
  files: ReturnType<typeof pageFiles>,
  wanted: number,
): Promise<WebServer | undefined> => {
  const { readModel, command, token, logger, now = () => performance.now() } = options;
  const app: FastifyInstance = fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger, disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 5_000,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 64, ignoreTrailingSlash: false },
    http: { maxHeaderSize: 8 * 1024, headersTimeout: TIMEOUT_MS },
  } as object) as unknown as FastifyInstance;
  app.server.maxConnections = CONNECTIONS;
  // A socket that asked for an upgrade has left HTTP's timeouts; ws takes this one off when the upgrade is done.
  app.server.prependListener("upgrade", (_, socket) => (socket as Socket).setTimeout(TIMEOUT_MS, () => socket.destroy()));

  // The names that we answer to carry the port, which is known only once we listen.
  let door = new Door({ token, port: wanted, now });
  let headers = securityHeaders(wanted);
  const stream = new Stream(readModel);

  const refuse = (reply: FastifyReply, code: number, error: string, message: string): FastifyReply =>
    reply.code(code).send({ error, message });

  // Before our own hook: only requests that passed its hook have their sockets closed by it when an upgrade is refused.
  await app.register(websocket as never, { options: { maxPayload: 1024, perMessageDeflate: false } } as never);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const { host, origin } = request.headers;
    if (!door.knowsHost(host)) return refuse(reply, 421, "misdirected", "this address answers only to its own name");
    const site = request.headers["sec-fetch-site"];
    const changes = !isReading(request);
    const foreign =
      (origin !== undefined && !door.knowsOrigin(origin)) || (site !== undefined && site !== "same-origin" && site !== "none");
    if (changes && foreign) return refuse(reply, 403, "foreignOrigin", "only this page may ask for that");
    const path = request.url.split("?", 1)[0] as string;
    if (path === "/api/v1/login") {
      return origin === undefined ? refuse(reply, 403, "foreignOrigin", "a login comes from the page") : undefined;
    }
    if (path === "/livez" || files.has(path)) return undefined;
    const standing = door.standing({ authorization: request.headers.authorization, cookie: request.headers.cookie });
    if (standing === "nobody") {
      const locked = door.lockedForMs;
      if (locked > 0)
        return refuse(reply.header("retry-after", String(Math.ceil(locked / 1000))), 429, "locked", "too many wrong tokens");
      return refuse(
        reply.header("www-authenticate", "Bearer"),
        401,
        "unauthorised",
        "the token is wanted: Authorization: Bearer …, or log in on the page",
      );
    }
    // A browser sends our cookie by itself; only an Origin of ours says that our page asked.
    if (changes && standing === "cookie" && origin === undefined)
      return refuse(reply, 403, "foreignOrigin", "only this page may ask for that");
    return undefined;
  });
  app.setNotFoundHandler((_, reply) => refuse(reply, 404, "notFound", "there is nothing here"));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) request.log.error({ err: error }, "a request failed");
    return refuse(
      reply,
      code,
      code >= 500 ? "internal" : "badRequest",
      code >= 500 ? "this failed here; the log says why" : error.message,
    );
  });

  for (const [path, { type, body }] of files) app.get(path, (_, reply) => reply.type(type).send(body));
  app.get("/livez", () => ({ alive: true }));
  app.post<{ Body: { token?: unknown } | null }>("/api/v1/login", (request, reply) => {
    const locked = door.lockedForMs;
    if (locked > 0)
      return refuse(reply.header("retry-after", String(Math.ceil(locked / 1000))), 429, "locked", "too many wrong tokens");
    const given = request.body?.token;
    const cookie = typeof given === "string" ? door.login(given) : undefined;
    if (cookie === undefined) {
      request.log.warn("a login with a wrong token");
      return refuse(reply, 401, "unauthorised", "this is not the token");
    }
    return reply.header("set-cookie", cookie).send({ in: true });
  });
  app.post("/api/v1/logout", (_, reply) => reply.header("set-cookie", door.logout).send({ in: false }));
  readingRoutes(app, readModel);
  commandRoutes(app, command);
  alertCommandRoutes(app, command, readModel);

  await app.register(async (scope: FastifyInstance) => {
    scope.get("/api/v1/stream", { websocket: true }, (socket) => stream.join(socket as unknown as Reader));
  });

  try {
    await app.listen({ host: ADDRESS, port: wanted });
  } catch (error) {
    await app.close();
    if ((error as { code?: string }).code === "EADDRINUSE") return undefined;
    throw error;
  }
  const bound = app.server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : wanted;
  door = new Door({ token, port, now });
  headers = securityHeaders(port);
  return {
    port,
    url: `http://${ADDRESS}:${port}/#token=${token}`,
    close: async () => {
      stream.close();
      await app.close();
    },
  };
};
