/** Figures as a trader reads them. Money and prices arrive in 1/10,000 dollar; instants in epoch milliseconds, shown in New York time. */
const UNITS = 10_000;
const MINUS = "−";

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "America/New_York",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const shortClockFormat = new Intl.DateTimeFormat("en-GB", { timeZone: "America/New_York", hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-CA", {
  timeZone: "America/New_York",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
});
const weekdayFormat = new Intl.DateTimeFormat("en-GB", { timeZone: "America/New_York", weekday: "short" });

export const clock = (at) => clockFormat.format(at);
export const shortClock = (at) => shortClockFormat.format(at);
export const day = (at) => dayFormat.format(at);
export const weekday = (at) => weekdayFormat.format(at);

const grouped = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** `$100,012.40`, `−$1.30`; a dash when unknown. */
export const money = (units, digits = 2) =>
  units === undefined || units === null ? "–" : `${units < 0 ? MINUS : ""}$${grouped(Math.abs(units) / UNITS, digits)}`;

/** `+$12.30`, `−$4.00`, `$0.00`. */
export const signedMoney = (units, digits = 2) => (units > 0 ? `+${money(units, digits)}` : money(units, digits));

/** Two decimals, or four where they are needed. */
export const price = (units) => {
  if (units === undefined || units === null) return "–";
  return `${units < 0 ? MINUS : ""}${grouped(Math.abs(units) / UNITS, units % 100 === 0 ? 2 : 4)}`;
};

/** `1.24 cr`, `0.60 db`: a credit is a negative net price. */
export const net = (units) => {
  if (units === undefined || units === null) return "–";
  return units === 0 ? "0.00" : `${price(Math.abs(units))} ${units < 0 ? "cr" : "db"}`;
};

export const signed = (quantity) => (quantity > 0 ? `+${quantity}` : quantity < 0 ? `${MINUS}${Math.abs(quantity)}` : "0");

export const percent = (share, digits = 1) =>
  share === undefined ? "–" : `${share < 0 ? MINUS : share > 0 ? "+" : ""}${grouped(Math.abs(share) * 100, digits)} %`;

/** A figure of a trace or a denial. */
export const figure = (value) => {
  if (value === undefined || value === null) return "unknown";
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 })}`;
};

export const duration = (ms) => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** What was seen against what was allowed. */
export const against = (actual, limit, unit) => {
  if (actual === null && limit === null) return "";
  if (limit === null) return `${figure(actual)} ${unit}`.trim();
  const sign = actual === null ? "against" : actual > limit ? ">" : actual < limit ? "<" : "=";
  return `${figure(actual)} ${sign} ${figure(limit)} ${unit}`.trim();
};

/** Gain and loss by class, beside the sign that says it without colour. */
export const tone = (value) => (value > 0 ? "gain" : value < 0 ? "loss" : "even");
