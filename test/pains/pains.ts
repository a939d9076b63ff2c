/**
 * What has hurt people who trade through IB's API, as they wrote it down in public: 65 pains (and a second ninth), in our words. Each that concerns
 * connection, sync, ids, fills or data has a scenario of ours, named in the test's title as "(pain 14)"; the others say where they belong.
 */

export type Concern = "ids" | "fills" | "connection" | "data" | "sync";
/** Where a pain is answered that is not of these five: it is listed, and not counted as missing. */
export type Elsewhere = "orders and risk" | "options" | "operator" | "research";

export interface Pain {
  readonly id: string;
  readonly what: string;
  readonly concern: Concern | Elsewhere;
}

const pain = (id: string, concern: Pain["concern"], what: string): Pain => ({ id, what, concern });

export const PAINS: readonly Pain[] = [
  pain("1", "ids", "a modification while the link is degraded leaves two live orders of one id at IB"),
  pain("2", "ids", "a restart enters once more what was entered already"),
  pain("3", "ids", "an order id of an earlier session is used again, and a fill goes to the wrong order"),
  pain("4", "ids", "after a restart the gateway counts order ids from a lower number than before"),
  pain("5", "ids", "an order made by hand, with id 0, takes the fills of another"),
  pain("6", "ids", "an execution changes which order an id stands for, and reconciliation makes a second order"),
  pain("7", "ids", "working orders of the session before cannot be managed after a restart"),
  pain("8", "ids", "a refused order id counts as used (103)"),
  pain("9", "ids", "silence after placing an order, and the order is placed again"),
  pain("9b", "ids", "a crash between sending an order and noting it"),
  pain("10", "ids", "an order is lost without a word, for ever pending"),
  pain("11", "ids", "two engines send the same order"),
  pain("12", "ids", "somebody else's order, which we cannot cancel, blocks new entries for days"),
  pain("13", "fills", "fills made while IB's servers were away are never asked for"),
  pain("14", "fills", "the executions of a combo come before its first openOrder, and the order is given up as a phantom"),
  pain("15", "fills", "a combo's average price is missing, or refused because it is negative"),
  pain("16", "fills", "an openOrder that comes after the fill sets the order back to working"),
  pain("17", "fills", "a fill of an order that is not in the books"),
  pain("18", "fills", "an order that fills at once has no status at all"),
  pain("19", "fills", "a partial fill is counted twice when positions are compared"),
  pain("20", "fills", "the commission comes late, or as the largest double, and stays 0 or nonsense for ever"),
  pain("21", "fills", "asking for completed orders makes new orders out of old ones"),
  pain("22", "fills", "the position is not yet the new one when the fill is told"),
  pain("23", "connection", "days of refused orders behind a connection that counts as alive"),
  pain("24", "connection", "a login that waits for somebody is never noticed"),
  pain("25", "connection", "an order in the restart window hangs, and everything with it"),
  pain("26", "connection", "an error that answers (10147, 200, 460) is not taken for an answer"),
  pain("27", "connection", "a broken data farm is ignored for hours, or tears down the order connection"),
  pain("28", "connection", "a half-open connection is never closed"),
  pain("29", "connection", "a reconnect race leaves a zombie connection"),
  pain("30", "connection", "a disconnect amid a comparison corrupts positions"),
  pain("31", "connection", "one unanswered request blocks everything"),
  pain("32", "connection", "it runs on after a disconnect and trades nothing, and nobody notices"),
  pain("33", "data", "a line is open and silent: somebody logged in elsewhere (10197)"),
  pain("34", "data", "subscriptions are not made again after the daily restart"),
  pain("35", "data", "the limit of lines (101) and of messages (100) is run into on a wide chain"),
  pain("36", "data", "historical data are asked for too often (162), or never come"),
  pain("37", "data", "-1, NaN, the largest double and 0 in quotes and Greeks"),
  pain("38", "data", "data are delayed though live ones were asked for, and are traded on"),
  pain("39", "data", "hundreds of options take minutes before they can be used"),
  pain("40", "sync", "an expired option stays in the books"),
  pain("41", "sync", "a position changes before its fill is told, and is taken for an exercise"),
  pain("42", "options", "one leg is assigned early and the other cannot be exercised"),
  pain("43", "options", "assignment closes at a wrong price"),
  pain("44", "options", "expiry at the wrong time of day; morning and afternoon settlement mixed up"),
  pain("45", "data", "the last trading day is off by one with another login time zone"),
  pain("46", "fills", "an execution's time is off by the host's offset, or in another form on live accounts"),
  pain("47", "options", "early closes are wrong or missing"),
  pain("48", "sync", "a corporate action changes symbol or contract of what is held"),
  pain("49", "orders and risk", "per-leg limits on four legs pass in tests and not in production"),
  pain("50", "orders and risk", "one leg of a group is looked for and the group is not found"),
  pain("51", "orders and risk", "half of a condor fills and the rest does not"),
  pain("52", "orders and risk", "the sign of a net credit is refused or inverted"),
  pain("53", "data", "the least price step is wrong, or depends on the price (110)"),
  pain("54", "fills", "Inactive, or Cancelled with 201, is taken for the end, and the reason is lost"),
  pain("55", "sync", "IB liquidates by force, and the engine holds wrong quantities for hours"),
  pain("56", "fills", "an order is rejected (201) and its position appears all the same"),
  pain("57", "orders and risk", "children of a bracket outlive their parent; siblings are not cancelled"),
  pain("58", "orders and risk", "several take-profits on one option are refused"),
  pain("59", "orders and risk", "limits are counted for each actor and not for the account"),
  pain("60", "sync", "a position missing from an answer, or a failed question, is taken for flat"),
  pain("61", "research", "paper results are taken for a forecast"),
  pain("62", "operator", "pause, resume, and a kill that really stops"),
  pain("63", "sync", "a restart with an open, unfilled entry takes it for a position"),
  pain("64", "options", "a roll finds no contract"),
];

const CONCERNS: readonly string[] = ["ids", "fills", "connection", "data", "sync"] satisfies readonly Concern[];
/** The pains that must have a scenario here. */
export const OURS: readonly Pain[] = PAINS.filter(({ concern }) => CONCERNS.includes(concern));
