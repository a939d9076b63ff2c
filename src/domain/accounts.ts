/**
 * Which account may be traded (P7). Until the live interlock exists, only accounts whose names IB gives to simulated money: DU
 * (paper) and DF (paper of an advisor). An unknown form is refused.
 */
const SIMULATED = /^D[UF]\d+$/;

/** The ports on which TWS (7496) and IB Gateway (4001) listen for live accounts by default. */
export const LIVE_PORTS: readonly number[] = [7496, 4001];

export const isSimulatedAccount = (account: string): boolean => SIMULATED.test(account);

/**
 * Why the account may not be traded through this gateway, or undefined. Every account that the gateway manages must be simulated, so
 * that no order can go astray, and ours must be among them.
 */
export const accountRefusal = (account: string, managed: readonly string[]): string | undefined => {
  if (managed.length === 0) return "the gateway named no account";
  const live = managed.find((name) => !isSimulatedAccount(name));
  if (live !== undefined) return `account ${live} is not simulated: its name does not begin with DU or DF`;
  return managed.includes(account)
    ? undefined
    : `the gateway manages ${managed.join(", ")}, this state directory is of ${account}`;
};
