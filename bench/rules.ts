/**
 * How often all twelve rules can be asked about a position, with the whole trace, on one core. The facts change from one look to the next
 * like those of positions that live, lose, win and expire. In CPU time of the process. Reading the facts of a condor off its quotes, own
 * Greeks with it, is told beside it.
 */
import { engineConfigOf } from "../src/cli/engine-config.ts";
import { configSchema } from "../src/domain/config-schema.ts";
import type { Leg } from "../src/domain/contract.ts";
import { entryOf } from "../src/domain/pnl.ts";
import { evaluateRules } from "../src/domain/rules/index.ts";
import { positionFacts, type Seen } from "../src/domain/rules/position-facts.ts";
import type { PositionFacts } from "../src/domain/rules/rule.ts";
import { markOf, quoteStructure } from "../src/domain/structure-quote.ts";
import { epochMs, moneyUnits, price, tradingDay } from "../src/domain/units.ts";
import type { Measurement } from "./measurement.ts";
import { median, processCpu } from "./statistics.ts";

const AT = epochMs(1_795_449_600_000);
const known = <Value>(value: Value) => ({ value, source: "bench", at: AT });
const usd = (dollars: number) => known(moneyUnits(Math.round(dollars * 10_000)));

/** One of many positions: `n` decides how it stands. Every seventh lacks its volatility. */
const position = (n: number): PositionFacts => {
  const share = (n % 97) / 97;
  const iv = n % 7 === 0 ? { unknown: "no history" } : known(-40 * share);
  return {
    shape: known(n % 3 === 0 ? "vertical" : "condor"),
    adverse: known(n % 3 === 0 ? "fall" : "either"),
    units: known(1 + (n % 3)),
    reduced: known(n % 5 === 0),
    unitProfit: usd(300 * share - 150),
    unitBase: usd(240),
    unitCredit: usd(240),
    unitDebit: usd(0),
    unitMaxLoss: usd(960),
    campaignLoss: usd(0),
    rolls: known(0),
    peakPct: known(n % 2 === 0 ? null : 60 * share),
    sessionsToExpiry: known(1 + (n % 31)),
    daysToExpiry: known(1 + (n % 45)),
    minutesToClose: known(n % 390),
    minutesToActBy: known((n % 390) - 30),
    assignment: known({ kind: "none" as const, leg: "", extrinsic: 0, gain: 0 }),
    hourFallPct: known(2 * share),
    hourRisePct: known(1 - share),
    ivJumpPct: known(30 * share),
    ivSinceEntryPct: iv,
    ivPercentile: known(100 * share),
    ivPercentileAtEntry: known(60),
    vix: known(15 + 10 * share),
    vixAtEntry: known(18),
    regime: known("normal"),
    unitDelta: known(0.4 * share - 0.2),
    unitGamma: known(-0.02),
    unitVega: known(-20),
    breach: known({ limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 }),
  };
};

const EXPIRY = tradingDay("2027-01-08");
const leg = (strike: number, right: "C" | "P", ratio: number): Leg => ({
  contract: {
    conId: strike,
    secType: "OPT",
    symbol: "SPY",
    exchange: "SMART",
    currency: "USD",
    multiplier: 100,
    expiry: EXPIRY,
    strike: price(strike),
    right,
  },
  ratio,
});
const CONDOR = [leg(550, "P", 1), leg(562, "P", -1), leg(628, "C", -1), leg(640, "C", 1)];
const MIDS = [2.7, 4.05, 3.35, 1.45];
/** A condor on an underlying that wanders a little. */
const seen = (n: number): Seen => {
  const quotes = Object.fromEntries(
    CONDOR.map(({ contract: { conId } }, each) => {
      const mid = (MIDS[each] as number) + (n % 50) / 100;
      return [conId, { conId, bid: price(mid - 0.02), ask: price(mid + 0.02), at: AT }];
    }),
  );
  return {
    legs: CONDOR,
    entry: entryOf(CONDOR, 1, [{ orderRef: "bench", conId: 0, quantity: 1, price: price(-3.25), multiplier: 100 }]),
    entryFees: moneyUnits(0),
    mark: markOf(CONDOR, quoteStructure(CONDOR, quotes)),
    now: AT,
    units: 1,
    reduced: false,
    peakPct: null,
    campaign: { loss: moneyUnits(0), rolls: 0 },
    american: true,
    carry: 0.028,
    riskFreeRatePct: 4,
    quotes,
    spot: known(price(600 + (n % 20))),
    vix: known(17),
    regime: known("normal"),
    breach: known({ limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 }),
    expiryActBy: "15:30",
  };
};
/** How often a second the facts of a condor are read off its quotes. */
const factsASecond = (times: number): number => {
  const all = Array.from({ length: 500 }, (_, n) => seen(n));
  let known = 0;
  const read = () => {
    const began = processCpu();
    for (let n = 0; n < times; n++) if ("value" in positionFacts(all[n % all.length] as Seen).unitDelta) known += 1;
    return (times * 1_000_000) / (processCpu() - began);
  };
  read();
  const rate = read();
  if (known !== 2 * times) throw new Error(`the Greeks of ${2 * times - known} condors were not known`);
  return rate;
};

export const rules: Measurement = {
  name: "rules",
  title: "all twelve rules about one position, with the trace",
  limit: { at: "least", value: 200_000, unit: "a second" },
  async run({ effort }) {
    const { rules: config } = engineConfigOf(configSchema.parse({}), { account: "DU1", installation: "00000000" });
    const positions = Array.from({ length: 1_000 }, (_, n) => position(n));
    const looks = effort === "quick" ? 100_000 : 400_000;
    const rounds: number[] = [];
    let fired = 0;
    for (let round = 0; round <= (effort === "quick" ? 3 : 9); round++) {
      const began = processCpu();
      for (let n = 0; n < looks; n++) {
        const { decision } = evaluateRules(positions[n % positions.length] as PositionFacts, config);
        if (decision.action !== "hold") fired += 1;
      }
      // The first round warms up and does not count.
      if (round > 0) rounds.push((looks * 1_000_000) / (processCpu() - began));
    }
    const share = (100 * fired) / (looks * (rounds.length + 1));
    return {
      value: median(rounds),
      rounds,
      figures: [
        { name: "looks on which a rule fired", value: share, unit: "%" },
        { name: "facts of a condor read off its quotes", value: factsASecond(looks / 4), unit: "a second" },
      ],
    };
  },
};
