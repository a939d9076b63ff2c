/** The figures as a person reads them. */
import type { MachineDescription } from "./machine-description.ts";
import type { Figure, Limit, Verdict } from "./measurement.ts";

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly value?: number;
  readonly unit?: string;
  readonly limit?: Limit;
  readonly verdict: Verdict;
  readonly figures: readonly Figure[];
  readonly rounds: readonly number[];
  /** Why there is no figure. */
  readonly reason?: string;
}

/** Three significant digits, thousands apart. */
export const formatFigure = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits === 0 ? "," : "");
};

const said = (limit: Limit | undefined): string =>
  limit === undefined
    ? "-"
    : `${limit.at === "least" ? "≥" : "≤"} ${limit.value}${limit.unit === "ratio" ? "" : ` ${limit.unit}`}`;

const spread = (rounds: readonly number[]): string =>
  rounds.length < 2
    ? ""
    : ` (${formatFigure(Math.min(...rounds))} to ${formatFigure(Math.max(...rounds))}, ${rounds.length} rounds)`;

export const tableOf = (rows: readonly Row[], machine: MachineDescription): string => {
  const head = ["measurement", "measured", "limit", "verdict"];
  const cells = rows.map((row) => [
    row.title,
    row.value === undefined
      ? "-"
      : `${formatFigure(row.value)}${row.unit === "ratio" || row.unit === undefined ? "" : ` ${row.unit}`}`,
    said(row.limit),
    row.verdict,
  ]);
  const widths = head.map((title, column) => Math.max(...[head, ...cells].map((cell) => (cell[column] ?? title).length)));
  const line = (cell: readonly string[]): string =>
    cell
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = [line(head), line(widths.map((width) => "-".repeat(width)))];
  for (const [n, row] of rows.entries()) {
    lines.push(line(cells[n] ?? []));
    if (row.reason !== undefined) lines.push(`    ${row.reason}`);
    const figures = row.figures.map(({ name, value, unit }) => `${name} ${formatFigure(value)} ${unit}`).join("; ");
    if (figures !== "") lines.push(`    ${figures}${spread(row.rounds)}`);
  }
  const { cpu, cores, memoryGB, node, system, disk, load } = machine;
  lines.push("", `${cpu}, ${cores} cores, ${memoryGB} GB; node ${node} on ${system}; disk ${disk}; load ${load.join(" ")}`);
  if ((load[0] ?? 0) > cores)
    lines.push("The machine was busy with other work: ratios hold, absolute figures are lower than it can do.");
  return `${lines.join("\n")}\n`;
};
