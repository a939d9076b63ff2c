/**
 * Which account may be traded (P7). Until the live interlock exists, only accounts whose names IB gives to simulated money: DU
 * (paper) and DF (paper of an advisor). An unknown form is refused.
 */
const SIMULATED = /^D[UF]\d+$/;

/** The ports on which TWS (7496) and IB Gateway (4001) listen for live accounts by default. */
export const LIVE_PORTS: readonly number[] = [7496, 4001];

export const isSimulatedAccount = (account: string): boolean => SIMULATED.test(account);

/** The account to use, or why none may be: every managed account must be simulated, so that no order can go astray. */
export const accountVerdict = (
  accounts: readonly string[],
  _mode: string,
): { readonly account?: string; readonly refused?: string } => {
  if (accounts.length === 0) return { refused: "the gateway named no account" };
  const live = accounts.find((account) => !isSimulatedAccount(account));
  if (live !== undefined) return { refused: `account ${live} is not simulated: its name does not begin with DU or DF` };
  return { account: accounts[0] as string };
};
