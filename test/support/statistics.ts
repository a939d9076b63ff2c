/** Statistics of samples, as tests of a random law need them. */
export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
export const deviation = (values: readonly number[]): number => {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
};
/** The mean of the standardised values' powers: 3 is skewness, 4 kurtosis. */
export const moment = (values: readonly number[], power: number): number => {
  const [centre, sd] = [mean(values), deviation(values)];
  return mean(values.map((value) => ((value - centre) / sd) ** power));
};
const covariance = (a: readonly number[], b: readonly number[]): number => {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((value, i) => (value - ma) * ((b[i] as number) - mb)));
};
export const correlation = (a: readonly number[], b: readonly number[]): number =>
  covariance(a, b) / (deviation(a) * deviation(b));
/** The slope of b on a. */
export const slope = (a: readonly number[], b: readonly number[]): number => covariance(a, b) / deviation(a) ** 2;
/** The correlation of a list with itself `lag` places later. */
export const autocorrelation = (values: readonly number[], lag: number): number =>
  covariance(values.slice(lag), values.slice(0, -lag)) / deviation(values) ** 2;
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] as number;
export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const shareOf = <Item>(items: readonly Item[], claim: (item: Item) => boolean): number =>
  items.filter(claim).length / items.length;
