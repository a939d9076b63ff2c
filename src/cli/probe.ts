/**
 * Asks a gateway who it is before anything is opened or started: which accounts it manages, and whether its time is simulated.
 * Uses a client id of its own for a moment and sends nothing but the login.
 */
import { ANNOUNCEMENT_CODE, type Announcement, parseAnnouncement } from "../domain/announcement.ts";
import { realClients } from "../io/ib/real-client.ts";

export interface GatewayIdentity {
  readonly accounts: readonly string[];
  readonly announcement: Announcement | undefined;
}

const TIMEOUT_MS = 5_000;
/** After the accounts, how long the announcement may take: it follows the login at once. */
const ANNOUNCEMENT_MS = 300;

/** Undefined when nobody answers as a gateway within five seconds, or the signal comes before. */
export const probeGateway = (host: string, port: number, signal: AbortSignal): Promise<GatewayIdentity | undefined> =>
  new Promise((resolve) => {
    const client = realClients({ host, port, clientId: 900_000 + (process.pid % 90_000) })();
    let accounts: readonly string[] = [];
    let announcement: Announcement | undefined;
    let grace: NodeJS.Timeout | undefined;
    const end = (found: GatewayIdentity | undefined): void => {
      clearTimeout(timeout);
      clearTimeout(grace);
      client.removeAllListeners();
      client.on("error", () => {});
      client.disconnect();
      resolve(found);
    };
    const timeout = setTimeout(() => end(accounts.length > 0 ? { accounts, announcement } : undefined), TIMEOUT_MS);
    signal.addEventListener("abort", () => end(undefined), { once: true });
    client.on("error", () => {});
    client.on("disconnected", () => end(accounts.length > 0 ? { accounts, announcement } : undefined));
    client.on("info", (text, code) => {
      if (code !== ANNOUNCEMENT_CODE) return;
      announcement = parseAnnouncement(text);
      if (accounts.length > 0) end({ accounts, announcement });
    });
    client.on("managedAccounts", (list) => {
      accounts = list.split(",").filter((account) => account !== "");
      if (announcement !== undefined) end({ accounts, announcement });
      else grace = setTimeout(() => end({ accounts, announcement }), ANNOUNCEMENT_MS);
    });
    client.connect();
  });
