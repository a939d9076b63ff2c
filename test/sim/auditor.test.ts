/** Each check of the auditor hears one sound story without a word, and the same story with one thing wrong: then it alone speaks. */
import { describe, expect, it } from "vitest";
import { CHECKS } from "../../src/sim/auditor/auditor.ts";
import { EXIT_REF, REF, Story } from "../support/auditor-stories.ts";

const ENDED = { type: "order.ended", orderRef: REF, purpose: "entry", outcome: "filled", filledUnits: 1, reason: "" };
const entered = (): Story =>
  new Story()
    .started()
    .intended(5)
    .sent(5)
    .acknowledged(5)
    .books(REF)
    .filled()
    .booked()
    .fact({ type: "slot.opened", slot: "slot/s1" });
const left = (): Story =>
  entered()
    .intended(7, EXIT_REF)
    .sent(7, EXIT_REF)
    .acknowledged(7)
    .filled(EXIT_REF, -1)
    .booked(EXIT_REF, -1)
    .fact({ type: "slot.closed", slot: "slot/s1" });

describe("a sound story", () => {
  it("breaks no law, and every law has been looked at", () => {
    const story = left().fact(ENDED).reconciled().checkpoint(true);
    story
      .tell({ kind: "state", seq: 3, hash: "a".repeat(64), from: "live" })
      .tell({ kind: "state", seq: 3, hash: "a".repeat(64), from: "genesis" });
    story.tell({ kind: "journal", texts: story.texts }).tell({ kind: "twice", hashes: ["x", "x"] });
    expect(story.details).toEqual([]);
    for (const { name } of CHECKS) expect({ name, evaluated: story.evaluated(name) > 0 }).toEqual({ name, evaluated: true });
  });
});

describe("S1: intent before effect", () => {
  it("an order leaves before its record is durable", () => {
    expect(new Story().started().sent(5).intended(5).acknowledged(5).broken).toEqual(["S1"]);
  });
  it("an order leaves with another price than the journal says", () => {
    expect(new Story().started().intended(5).sent(5, REF, -1.2).broken).toEqual(["S1"]);
  });
  it("one durable intent leaves twice", () => {
    expect(new Story().started().intended(5).sent(5).sent(5).broken).toEqual(["S1"]);
  });
  it("a cancel leaves that nobody recorded", () => {
    expect(new Story().started().intended(5).sent(5).acknowledged(5).cancelSent(5).broken).toEqual(["S1"]);
  });
  it("a recorded cancel may be said twice", () => {
    expect(
      new Story().started().intended(5).sent(5).acknowledged(5).cancelIntended(5).cancelSent(5).cancelSent(5).broken,
    ).toEqual([]);
  });
});

describe("S2: one live order per intent", () => {
  it("the intent has two orders at the broker", () => {
    expect(new Story().started().intended(5).sent(5).acknowledged(5).intended(6).sent(6).books(REF, REF).broken).toEqual(["S2"]);
  });
  it("the intent fills twice", () => {
    expect(entered().filled(REF, 1, "again").broken).toEqual(["S2"]);
  });
});

describe("S3: no blind retry", () => {
  const lost = (): Story => new Story().started().intended(5).sent(5).tell({ kind: "lineEnded", line: 1 });

  it("an order without a word of it is sent again after the connection was lost", () => {
    expect(lost().intended(6).sent(6).broken).toEqual(["S3"]);
  });
  it("it is cancelled before anybody knows", () => {
    expect(lost().cancelIntended(5).cancelSent(5).broken).toEqual(["S3"]);
  });
  it("it is sent again although only two of the three answers have come", () => {
    const story = lost();
    story
      .tell({ kind: "sent", line: 2, name: "reqAllOpenOrders", words: [] })
      .tell({ kind: "heard", line: 2, name: "openOrderEnd", words: [] });
    story.record({ input: { type: "openOrders.answered" } });
    expect(story.intended(6).sent(6).broken).toEqual(["S3"]);
  });
  it("it is sent again upon an answer that was asked for on a connection that is over", () => {
    const story = lost().tell({ kind: "sent", line: 2, name: "reqExecutions", words: [] }).tell({ kind: "lineEnded", line: 2 });
    expect(story.intended(6).sent(6).broken).toEqual(["S3"]);
  });
  it("the engine doubts it itself, and goes on with it", () => {
    const story = new Story()
      .started()
      .intended(5)
      .sent(5)
      .acknowledged(5)
      .fact({ type: "order.doubted", orderRef: REF, reason: "silence" });
    expect(story.intended(5, REF, -12_000).sent(5, REF, -1.2).broken).toEqual(["S3"]);
  });
  it("a crash with a durable order that may have left, and the order after it", () => {
    expect(new Story().started().intended(5).tell({ kind: "processEnded", how: "killed" }).intended(6).sent(6).broken).toEqual([
      "S3",
    ]);
  });
  it("after the complete answer it may be touched again", () => {
    expect(lost().reconciled(2).cancelIntended(5).cancelSent(5).broken).toEqual([]);
  });
});

describe("at rest", () => {
  it("S5: an execution that was never booked, with its money in order, is a position too few", () => {
    const story = entered().reconciled();
    const contract = { conId: 99, secType: "FUT", multiplier: 50 };
    story.fact({ type: "fill.booked", orderRef: REF, execId: "x", contract, quantity: 1, price: 0 });
    expect(story.checkpoint().broken).toEqual(["S5"]);
  });
  it("S19: a commission booked wrong is money made or lost", () => {
    const story = entered().reconciled().fact({ type: "commission.booked", orderRef: REF, execId: "e-1-11", amount: 1 });
    expect(story.checkpoint().broken).toEqual(["S19"]);
  });
  it("S19: the broker's cash moves without a fill", () => {
    const story = entered().reconciled();
    const truth = story.truth();
    const [account] = truth.accounts;
    const wrong = { ...truth, accounts: [{ ...account, cash: (account?.cash ?? 0) + 0.01 } as NonNullable<typeof account>] };
    expect(story.tell({ kind: "checkpoint", truth: wrong, last: false }, 10).broken).toEqual(["S19"]);
  });
  it("while something is still on its way, nothing is held against anybody", () => {
    expect(new Story().started().intended(5).sent(5).acknowledged(5).filled().checkpoint().broken).toEqual([]);
  });
  it("L1: at the very end the engine has not heard the broker's complete answer", () => {
    expect(new Story().started().intended(5).sent(5).acknowledged(5).filled().checkpoint(true).broken).toEqual(["L1"]);
  });
  it("L1: at the very end the connection that was reconciled is gone", () => {
    expect(entered().reconciled().tell({ kind: "lineEnded", line: 1 }).checkpoint(true).broken).toEqual(["L1"]);
  });
});

it("L2: at the very end an intent is still in the air", () => {
  const story = new Story()
    .started()
    .fact({ type: "order.intended", intent: { orderRef: REF } })
    .reconciled();
  expect(story.checkpoint(true).broken).toEqual(["L2"]);
});

describe("S7: ended means ended", () => {
  const given = (): Story => new Story().started().intended(5).sent(5).acknowledged(5).books(REF);
  const ended = { ...ENDED, outcome: "notAtBroker", filledUnits: 0 };
  it("an order is given up as gone while the broker works it", () => {
    expect(given().fact(ended).broken).toEqual(["S7"]);
  });
  it("an order comes alive at the broker after we gave it up", () => {
    expect(new Story().started().intended(5).sent(5).acknowledged(5).fact(ended).books(REF).broken).toEqual(["S7"]);
  });
});

describe("S12: dedicated slots", () => {
  it("more slots are in use than there are", () => {
    const story = new Story()
      .started(1)
      .fact({ type: "slot.opened", slot: "slot/s1" })
      .fact({ type: "slot.opened", slot: "slot/s2" });
    expect(story.broken).toEqual(["S12"]);
  });
  it("a slot closes while its order lives", () => {
    expect(entered().books(EXIT_REF).fact({ type: "slot.closed", slot: "slot/s1" }).broken).toEqual(["S12"]);
  });
  it("a slot closes while the broker still holds its position", () => {
    expect(entered().fact({ type: "slot.closed", slot: "slot/s1" }).checkpoint().broken).toEqual(["S12"]);
  });
});

describe("the disk", () => {
  it("S14: a restart finds another state than the one that was left", () => {
    const story = new Story().started();
    story
      .tell({ kind: "state", seq: 1, hash: "a".repeat(64), from: "live" })
      .tell({ kind: "state", seq: 1, hash: "b".repeat(64), from: "snapshot" });
    expect(story.broken).toEqual(["S14"]);
  });
  it("S15: one byte of a record is another", () => {
    expect(
      new Story().started().record({ input: { type: "quote.updated", bid: 1 } }, (text) => text.replace('"bid":1', '"bid":2'))
        .broken,
    ).toEqual(["S15"]);
  });
  it("S15: a record is missing when the journal is read back", () => {
    const story = entered();
    expect(story.tell({ kind: "journal", texts: story.texts.filter((_, n) => n !== 2) }).broken).toEqual(["S15"]);
  });
  it("S15: the end is missing when the journal is read back", () => {
    const story = entered();
    expect(story.tell({ kind: "journal", texts: story.texts.slice(0, -1) }).broken).toEqual(["S15"]);
  });
});

it("S18: the same seed goes another way the second time", () => {
  expect(new Story().started().tell({ kind: "twice", hashes: ["x", "y"] }).broken).toEqual(["S18"]);
});

describe("S32: nothing throws", () => {
  it("an actor is poisoned", () => {
    expect(
      new Story().started().record({ incidents: [{ kind: "poisoned", actor: "slot/s1", event: "quote.updated", detail: "oh" }] })
        .broken,
    ).toEqual(["S32"]);
  });
  it("the process dies by itself", () => {
    expect(new Story().started().tell({ kind: "processFailed", detail: "oh" }).broken).toEqual(["S32"]);
  });
});
