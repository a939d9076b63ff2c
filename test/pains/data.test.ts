/** Data: late, missing, nonsense, or refused for the step of their price. */
import { expect, test } from "vitest";
import { EVERY_MINUTE, expectAgreement, factsOfType, play } from "./scenario.ts";

test("a price that IB refuses for its step (110) goes out for the same intent no more (pain 53)", async () => {
  let left = 2;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.onRecord(({ effects }) => {
        if (left === 0 || !effects.some(({ type, params }) => type === "order.place" && params["modify"] === false)) return;
        left--;
        stage.broker.faults.rejectOrders = { left: 1, code: 110 };
      }),
  });
  const refused = played.records.filter(({ input }) => input.type === "order.errored" && input["code"] === 110);
  expect(refused.length).toBe(2);
  const tickets = (from: number, to: number) =>
    played.records
      .filter(({ seq }) => seq >= from && seq < to)
      .flatMap(({ effects }) => effects)
      .filter(({ type }) => type === "order.place")
      .map(
        ({ params }) => params["ticket"] as { readonly orderId: number; readonly orderRef: string; readonly limitPrice: number },
      );
  for (const { seq, input } of refused) {
    const last = tickets(0, seq).findLast(({ orderId }) => orderId === input["orderId"]);
    const again = tickets(seq, Number.POSITIVE_INFINITY).filter(({ orderRef }) => orderRef === last?.orderRef);
    expect(last).toBeDefined();
    expect(again.filter(({ limitPrice }) => limitPrice === last?.limitPrice)).toEqual([]);
  }
  expectAgreement(played);
});

test("an expiry of hundreds of options is looked through, and a candidate found, within a minute of the first look (pain 39)", async () => {
  const played = await play({ minutes: 30, stage: () => {} });
  const first = played.records.find(({ effects }) => effects.some(({ type }) => type === "optionParameters.request"));
  const found = played.records.find(({ facts }) => facts.some(({ type }) => type === "candidate.found"));
  expect(factsOfType(played, "candidate.found").length).toBeGreaterThan(0);
  expect((found?.now ?? 0) - (first?.now ?? 0)).toBeLessThan(60_000);
});

test("historical data that IB refuses for pacing are asked for again later, and meanwhile nothing is entered without them (pain 36)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => stage.at(-3, () => stage.fault({ fault: "history.refused", forMs: 20 * 60_000 })),
  });
  const refused = played.records.filter(({ input }) => input.type === "request.failed" && input["code"] === 162);
  expect(refused.length).toBeGreaterThan(0);
  const until = played.records.find(({ input }) => input.type === "bars.answered")?.now ?? 0;
  const entered = played.records.find(({ facts }) => facts.some(({ type }) => type === "candidate.found"))?.now ?? 0;
  expect(until).toBeGreaterThan(0);
  expect(entered).toBeGreaterThan(until);
  expectAgreement(played);
});

test("delayed prices, asked for or not, are never traded on, and the funnel says so (pain 38)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.at(-3, () => stage.fault({ fault: "data.delayed" })) });
  expect(factsOfType(played, "candidate.found")).toEqual([]);
  expect(factsOfType(played, "candidate.stopped").some(({ reason }) => /delayed/i.test(reason))).toBe(true);
  expect(played.outcome.entries).toBe(0);
});

test("quotes of -1, 0, NaN and the largest double amid a position are no prices: no mark, spot or limit is ever made of them (pain 37)", async () => {
  const windows: number[] = [];
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      ["minusOne", "zero", "max", "maxInteger", "notANumber", "infinite"].forEach((value, n) => {
        stage.at(20 + 4 * n, () => {
          windows.push(stage.market.now);
          stage.fault({ fault: "data.sentinels", with: { value }, forMs: 3 * 60_000 });
        });
      });
    },
  });
  expect(played.outcome.entries).toBeGreaterThan(0);
  expect(windows.length).toBe(6);
  // A mark made of such a price would lie outside the structure's width, or be none; a spot of nothing is unknown.
  for (const { mark, spot } of factsOfType(played, "slot.marked")) {
    if (mark !== undefined) expect(Math.abs(mark)).toBeLessThan(200_000);
    if (spot !== undefined) expect(spot).toBeGreaterThan(1_000_000);
  }
  const limits = played.records
    .flatMap(({ effects }) => effects)
    .filter(({ type }) => type === "order.place")
    .map(({ params }) => Math.abs((params["ticket"] as { readonly limitPrice: number }).limitPrice));
  expect(Math.max(...limits)).toBeLessThan(200_000);
  expectAgreement(played);
});

test("lines that fall silent while the connection lives are noticed within 15 s, and nothing is entered on them (pain 33)", async () => {
  let from = 0;
  const played = await play({
    minutes: 30,
    idleStepMs: 1_000,
    config: { ...EVERY_MINUTE, lines: { ...EVERY_MINUTE.lines, stallSeconds: 10 } },
    stage: (stage) =>
      stage.at(12, () => {
        from = stage.market.now;
        stage.fault({ fault: "data.freeze", forMs: 5 * 60_000 });
      }),
  });
  const at = (type: string): number =>
    played.records.find(({ now, facts }) => now >= from && facts.some((fact) => fact.type === type))?.now ?? Number.NaN;
  expect(at("feed.stalled") - from).toBeLessThanOrEqual(15_000);
  expect(at("feed.resumed")).toBeGreaterThan(from);
  const during = played.records.filter(({ now }) => now > from + 15_000 && now < from + 5 * 60_000);
  expect(during.flatMap(({ facts }) => facts).filter(({ type }) => type === "candidate.found")).toEqual([]);
  expectAgreement(played);
});

test("after the gateway's restart every line is open again and quotes come, without a line too many (pain 34)", async () => {
  let back = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.at(15, () => stage.begin("gateway.restart", 0.5));
      stage.onRecord(({ now, facts }) => {
        if (now > (back || Number.POSITIVE_INFINITY)) return;
        if (facts.some(({ type }) => type === "session.readied") && stage.market.now > stage.market.begins + 20 * 60_000)
          back ||= now;
      });
    },
  });
  expect(factsOfType(played, "session.readied").length).toBe(2);
  const quoted = (within: (now: number) => boolean): Set<unknown> =>
    new Set(
      played.records
        .filter(({ now, input }) => within(now) && input.type === "quote.updated")
        .map(({ input }) => (input["quote"] as { readonly conId: number }).conId),
    );
  const held = played.truth.accounts[0]?.positions.map(({ conId }) => conId) ?? [];
  expect(held.length).toBeGreaterThan(0);
  const after = quoted((now) => now > back);
  for (const conId of held) expect(after.has(conId)).toBe(true);
  expect(factsOfType(played, "lines.counted").every(({ leased, limit }) => leased <= limit)).toBe(true);
  expectAgreement(played);
});
