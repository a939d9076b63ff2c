/** Ctrl-C and SIGTERM: the first asks for a clean end, the second ends at once. */
export const stopSignal = (tell: (sentence: string) => void): { readonly signal: AbortSignal; readonly abort: () => void } => {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143);
    tell(`${name}: stopping (again to stop at once)`);
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { signal: controller.signal, abort: () => controller.abort() };
};
