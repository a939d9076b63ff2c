/** Where actors live. An address is the path of an actor in the kernel's registry; order addresses are in identity.ts. */
export const address = {
  engine: "engine",
  session: "session",
  reconciler: "reconciler",
  riskGate: "riskGate",
  lines: "lines",
  contractQueue: "contracts",
  contractShelf: (n: number): string => `contracts/${n}`,
  alerts: "alerts",
  alert: (n: number): string => `alerts/${n}`,
  breaker: (scope: string): string => `breaker/${scope}`,
  strategy: (name: string): string => `strategy/${name}`,
  slot: (n: number): string => `slot/s${n}`,
  future: (root: string): string => `future/${root}`,
  regime: "regime",
  underlying: (symbol: string): string => `underlying/${symbol}`,
  predictions: "predictions",
} as const;

/** The topics an actor may `listen` to. The router turns a broker's message into these. */
export const topic = {
  /** Every change of a contract's quote. */
  quote: (conId: number): string => `quote/${conId}`,
  /** Everything about one order of ours, by its orderRef, its order id (per client id) or its permId. */
  orderRef: (orderRef: string): string => `orderRef/${orderRef}`,
  orderId: (orderId: number): string => `orderId/${orderId}`,
  permId: (permId: number): string => `permId/${permId}`,
  /** Commission reports name only the execution. */
  execution: (execId: string): string => `execution/${execId}`,
  /** `session.readied` and `session.unreadied`, announced by the gateway session. */
  session: "session",
  /** `regime.told`, announced by the watcher of the whole market when anything of it changes. */
  regime: "regime",
  /** `underlying.told`, announced by the watcher of an underlying. */
  underlying: (symbol: string): string => `underlying/${symbol}`,
  /** `engine.modeChanged`, announced by the engine. */
  mode: "mode",
} as const;
