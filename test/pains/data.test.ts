/** Data: late, missing, nonsense, or refused for the step of their price. */
import { expect, test } from "vitest";
import { expectAgreement, factsOfType, play } from "./scenario.ts";

test("a price that IB refuses for its step (110) leaves the working order alone, and a new order is not sent again unchanged (pain 53)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.at(1, () => stage.begin("broker.reject110"));
      stage.at(20, () => stage.begin("broker.reject110"));
    },
  });
  expect(played.outcome.faultsTriggered["broker.reject110"]).toBeGreaterThan(0);
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

test("quotes of -1, 0, NaN and the largest double amid a position are no prices: no order follows from them (pain 37)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      ["minusOne", "zero", "max", "maxInteger", "notANumber", "infinite"].forEach((value, n) => {
        stage.at(20 + 4 * n, () => stage.fault({ fault: "data.sentinels", with: { value }, forMs: 3 * 60_000 }));
      });
    },
  });
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});
