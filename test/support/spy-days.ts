/** SPY and VIX by the day with the reference classifier's figures: the committed part of 1998, and all of 1998-2021 where the workshop's data are. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DayBar, RegimeHistory, VixClose } from "../../src/domain/regime/history.ts";
import { tradingDay } from "../../src/domain/units.ts";

/** As printed: close, VIX, ADX, efficiency, 5-day return, 5-day change of VIX, the means of 20 and 50 closes. */
export interface Printed {
  readonly figures: readonly string[];
  readonly regime: string;
}
export interface SpyDays {
  readonly history: RegimeHistory;
  readonly labels: ReadonlyMap<string, Printed>;
}

const rowsOf = (url: URL): string[][] =>
  readFileSync(url, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
const barOf = (day: string, [high, low, close]: readonly string[]): DayBar => ({
  day: tradingDay(day),
  high: Number(high),
  low: Number(low),
  close: Number(close),
});
const closeOf = (day: string, close: string | undefined): VixClose => ({ day: tradingDay(day), close: Number(close) });

export const spyOf1998 = (): SpyDays => {
  const rows = rowsOf(new URL("../fixtures/regime-spy-1998.csv", import.meta.url));
  const labelled = rows.filter((row) => row.at(-1) !== "");
  return {
    history: {
      bars: rows.map(([day = "", ...rest]) => barOf(day, rest)),
      vix: rows.map(([day = "", , , , vix]) => closeOf(day, vix)),
    },
    labels: new Map(
      labelled.map(([day = "", , , close = "", vix = "", ...rest]) => [
        day,
        { figures: [close, vix, ...rest.slice(0, -1)], regime: rest.at(-1) ?? "" },
      ]),
    ),
  };
};

const shared = new URL("../../../shared/data/", import.meta.url);
export const hasWorkshopData = existsSync(fileURLToPath(shared));
export const spyOf23Years = (): SpyDays => ({
  history: {
    bars: rowsOf(new URL("spy-daily-lean.csv", shared)).map(([day = "", , ...rest]) => barOf(day, rest)),
    vix: rowsOf(new URL("vix-daily.csv", shared)).map(([day = "", , , , close]) => closeOf(day, close)),
  },
  labels: new Map(
    rowsOf(new URL("regime-labels-spy-1998-2021.csv", shared)).map(([day = "", ...rest]) => [
      day,
      { figures: rest.slice(0, -1), regime: rest.at(-1) ?? "" },
    ]),
  ),
});
