/**
 * A position of which a part is closed, or that is put into a later expiry by one order. Part of position-slot.machine.ts, where the picture
 * is. Whatever is at work for either is withdrawn, and has ended, before an exit goes out.
 */
import { and } from "xstate";
import * as alerts from "./position-slot.alerts.ts";
import * as known from "./position-slot.facts.ts";
import * as say from "./position-slot.speech.ts";
import { positionSlotWords } from "./position-slot.words.ts";

/** What was sent has ended: the ledger says what it has made of the position. */
const ends = [
  {
    guard: "reductionUnfilled",
    target: "#positionSlot.counting",
    actions: ["endOrder", "restReduction", alerts.sayNotReduced],
  },
  {
    guard: "rollUnfilledForced",
    target: "#positionSlot.counting",
    actions: [known.make(known.declined), ...say.leaveNext, "endOrder", "closeInstead", alerts.sayLeaving],
  },
  {
    guard: "rollUnfilled",
    target: "#positionSlot.counting",
    actions: [known.make(known.declined), ...say.leaveNext, "endOrder", "restRoll"],
  },
  { guard: "ourOrderEnded", target: "#positionSlot.counting", actions: "endOrder" },
] as const;
const overClosed = { guard: "overCloses", actions: ["book", say.abandon("an earlier order filled after its end")] } as const;
const leaves = ["beginExit", alerts.sayLeaving] as const;
/** Held as it is, or closed where that cannot be. */
const declines = [
  {
    guard: "forced",
    target: "#positionSlot.open.exiting",
    actions: ["takeMode", known.make(known.declined), "closeInstead", alerts.sayLeaving],
  },
  { target: "#positionSlot.open.holding", actions: ["takeMode", known.make(known.declined), "restRoll"] },
] as const;

/** Waits for its order, or for the end of one that a more severe rule has overtaken. */
const withdrawing = positionSlotWords.createStateConfig({
  always: { guard: "worsens", actions: leaves },
  after: { evaluateEvery: { target: "withdrawing", reenter: true } },
  on: { "leg.filled": overClosed, "order.ended": ends },
});
const working = positionSlotWords.createStateConfig({
  always: { guard: "closeDue", target: "withdrawing", actions: [...leaves, say.abandon("a more severe rule acts")] },
  after: { evaluateEvery: { target: "working", reenter: true } },
  on: {
    "leg.filled": overClosed,
    "order.ended": ends,
    "mode.changed": [
      { guard: "endsRolls", actions: ["takeMode", say.abandon("the engine does not trade any more")] },
      { actions: "takeMode" },
    ],
  },
});

export const reducing = positionSlotWords.createStateConfig({ initial: "working", states: { working, withdrawing } });

export const rolling = positionSlotWords.createStateConfig({
  initial: "deciding",
  states: {
    deciding: {
      always: [
        { ...declines[0], guard: and(["notTrading", "forced"]) },
        { ...declines[1], guard: "notTrading" },
        { target: "seeking" },
      ],
    },
    /** The strategy looks for the same structure at a later expiry. Nothing is at work: what is more severe acts at once. */
    seeking: {
      entry: say.requestRoll,
      initial: "waiting",
      always: [
        { guard: "closeDue", target: "#positionSlot.open.exiting", actions: leaves },
        {
          guard: "reduceDue",
          target: "#positionSlot.open.reducing",
          actions: ["beginAdjusting", "orderReduction", say.spawnOrder, alerts.sayReducing],
        },
        { guard: "betweenSessions", target: "#positionSlot.open.holding" },
      ],
      after: { rollPatience: declines },
      on: {
        "roll.offered": [
          {
            guard: "worthOneOrder",
            target: "working",
            actions: ["takeOffer", say.listenToNext, "wantNextLines", "orderRoll", say.spawnOrder],
          },
          { guard: "worthReentry", target: "#positionSlot.open.exiting", actions: ["closeToContinue", alerts.sayLeaving] },
          ...declines,
        ],
        "roll.declined": declines,
        "mode.changed": [
          { ...declines[0], guard: and(["mayNotEnter", "forced"]) },
          { ...declines[1], guard: "mayNotEnter" },
          { actions: "takeMode" },
        ],
        "leg.filled": { guard: "newAndOurs", target: "#positionSlot.counting", actions: "book" },
      },
      states: { waiting: { after: { evaluateEvery: { target: "waiting", reenter: true } } } },
    },
    working,
    withdrawing,
  },
});
