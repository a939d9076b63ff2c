/** All faults by name: what the command line lists, and what every way of asking for one looks it up in. */
import { accountFaults } from "./catalogue/account.ts";
import { booksFaults } from "./catalogue/books.ts";
import { chainFaults } from "./catalogue/chain.ts";
import { dataFaults } from "./catalogue/data.ts";
import { executionFaults } from "./catalogue/execution.ts";
import { gatewayFaults } from "./catalogue/gateway.ts";
import { lineFaults } from "./catalogue/line.ts";
import { nonsenseFaults } from "./catalogue/nonsense.ts";
import { orderFaults } from "./catalogue/order.ts";
import { serversFaults } from "./catalogue/servers.ts";
import { statusFaults } from "./catalogue/status.ts";
import { whatIfFaults } from "./catalogue/what-if.ts";
import type { Fault } from "./fault.ts";
import { FaultError, nearest } from "./parameter.ts";

export const FAULTS: readonly Fault[] = [
  ...lineFaults,
  ...nonsenseFaults,
  ...serversFaults,
  ...gatewayFaults,
  ...statusFaults,
  ...executionFaults,
  ...orderFaults,
  ...whatIfFaults,
  ...booksFaults,
  ...accountFaults,
  ...dataFaults,
  ...chainFaults,
];
const byName = new Map(FAULTS.map((fault) => [fault.name, fault]));

/** Throws FaultError with the nearest name when there is none of this one. */
export const faultNamed = (name: string): Fault => {
  const found = byName.get(name);
  if (found !== undefined) return found;
  const close = nearest(name, [...byName.keys()]);
  throw new FaultError(
    `there is no fault ${JSON.stringify(name)}: did you mean ${close}? 'caretaker gateway --faults' lists all of them`,
  );
};

/** One fault as data, for `--faults --json` and for docs. */
export const described = ({ name, kind, says, serves, parameters, needsWire }: Fault) => ({
  name,
  kind,
  says,
  serves,
  needsWire,
  parameters: Object.entries(parameters).map(([parameter, { says: what, takes, usual }]) => ({
    name: parameter,
    says: what,
    takes,
    ...(usual === undefined ? {} : { usual }),
  })),
});
