/** The flags that choose a market, shared by `demo` and `gateway`, and the market that they name. */
import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDay } from "../domain/calendar/civil-date.ts";
import type { TradingDay } from "../domain/units.ts";
import type { Market } from "../sim/market/market.ts";
import { createRecordedMarket } from "../sim/market/recorded-market.ts";
import { REGIMES, type Regime } from "../sim/market/regimes.ts";
import { createSyntheticMarket } from "../sim/market/synthetic-market.ts";
import { CommandError, EXIT } from "./exit.ts";
import { numberBetween, positiveNumber, wholeNumber } from "./flags.ts";

export interface MarketFlags {
  readonly market: "synthetic" | "recorded";
  readonly chain?: readonly string[];
  readonly underlying?: readonly string[];
  readonly daily?: readonly string[];
  readonly day?: readonly TradingDay[];
  readonly seed: number;
  readonly vix?: number;
  readonly regime?: Regime | "wandering";
  readonly premiumEdge: number;
  readonly futuresLead: number;
}

export const DEFAULT_SEED = 20_261_120;
/** The long-run median is 17.6: a calm day, so that a demo has something to enter. */
export const DEFAULT_VIX = 17;

const oneMore = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
const oneMoreDay = (text: string, before: readonly TradingDay[] = []): readonly TradingDay[] => {
  const day = parseDay(text);
  if (day === undefined) throw new InvalidArgumentError("a day such as 2021-01-04.");
  return [...before, day];
};

export const withMarketFlags = (command: Command): Command =>
  command
    .addOption(new Option("--market <kind>", "which market").choices(["synthetic", "recorded"]).default("synthetic"))
    .addOption(
      new Option(
        "--chain <file>",
        "recorded market: option quotes of one class (GOOG, SPXW), CSV or CSV.gz; more than once for more",
      ).argParser(oneMore),
    )
    .addOption(
      new Option(
        "--underlying <file>",
        "recorded market: a stock's or an index's minute bars, CSV or CSV.gz; more than once for more, then as SYMBOL=FILE",
      ).argParser(oneMore),
    )
    .addOption(
      new Option(
        "--daily <symbol=file>",
        "recorded market: daily bars of the past, e.g. VIX=vix-daily.csv; more than once for more",
      ).argParser(oneMore),
    )
    .addOption(
      new Option(
        "--day <day>",
        "recorded market: only this day of the files, e.g. 2021-01-04; more than once for more",
      ).argParser(oneMoreDay),
    )
    .addOption(
      new Option("--seed <n>", "synthetic market: the same seed gives the same market")
        .default(DEFAULT_SEED)
        .argParser(wholeNumber(0, 2 ** 31)),
    )
    .addOption(
      new Option(
        "--vix <points>",
        `synthetic market: the VIX before the first day (default ${DEFAULT_VIX}, or the regime's)`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option("--regime <name>", "synthetic market: stay in one regime, or wander between them").choices([
        ...REGIMES,
        "wandering",
      ]),
    )
    .addOption(
      new Option("--premium-edge <points>", "synthetic market: how many vol points options cost more than they are worth")
        .default(0)
        .argParser(numberBetween(-2, 20)),
    )
    .addOption(
      new Option(
        "--futures-lead <seconds>",
        "synthetic market: plant a lead of the futures over the ETFs, told in the market's label",
      )
        .default(0)
        .argParser(wholeNumber(0, 600)),
    );

/** The market that the flags name. Throws CommandError for missing files and bad rows. */
export const marketOf = (flags: MarketFlags): Market => {
  if (flags.market === "synthetic") {
    const { seed, vix, regime, premiumEdge, futuresLead } = flags;
    // A forced regime has a VIX of its own.
    const vix0 = vix ?? (regime === undefined || regime === "wandering" ? DEFAULT_VIX : undefined);
    return createSyntheticMarket({
      seed,
      ...(vix0 === undefined ? {} : { vix0 }),
      ...(regime === undefined ? {} : { regime }),
      ...(premiumEdge === 0 ? {} : { premiumEdge }),
      ...(futuresLead === 0 ? {} : { futuresLeadSeconds: futuresLead }),
    });
  }
  const { chain, underlying, daily = [], day } = flags;
  if (chain === undefined || underlying === undefined)
    throw new CommandError(EXIT.usage, "--market recorded needs --chain FILE and --underlying FILE");
  for (const file of [...chain, ...[...underlying, ...daily].map((named) => named.replace(/^[A-Z][A-Z.]*=/, ""))])
    if (!existsSync(file)) throw new CommandError(EXIT.badData, `${file}: there is no such file`);
  try {
    return createRecordedMarket({
      chainFile: chain,
      underlyingFile: underlying,
      dailyFile: daily,
      ...(day === undefined ? {} : { days: day }),
    });
  } catch (error) {
    throw new CommandError(EXIT.badData, error instanceof Error ? error.message : String(error));
  }
};
