/** What becomes of a position that changes its structure, and of one that leaves instead. Pure. */
import { assert } from "../domain/assert.ts";
import type { Decision } from "../domain/facts.ts";
import { type Leaving, NEWBORN, type SlotContext, type SlotEvent } from "./position-slot.context.ts";
import { quotesWith, type Valued, valued } from "./position-slot.roll.ts";

interface Args {
  readonly context: SlotContext;
  readonly event: SlotEvent;
}
/** The offer that this event brings, when it is worth taking. */
export const offerOf = ({ context, event }: Args): Extract<Valued, { worth: true }> | undefined => {
  const worth = event.type === "roll.offered" ? valued(context, event, event.now) : undefined;
  return worth?.worth === true ? worth : undefined;
};
export const afterOffer = (args: Args): Partial<SlotContext> => {
  const offer = offerOf(args);
  const { context, event } = args;
  if (offer === undefined || event.type !== "roll.offered") return {};
  return { next: offer.next, quotes: quotesWith(context.quotes, event.quotes) };
};

/** The roll's fills have made it another position: a new base and new latches, in the same campaign. */
export const afterRoll = (context: SlotContext): Partial<SlotContext> => {
  const { candidate, entryRefs, next, former, campaign } = context;
  assert(candidate !== null && next !== null && next.orderRefs.length > 0, "a position is rolled by an order that was sent");
  return {
    ...NEWBORN,
    candidate: next.candidate,
    entryRefs: next.orderRefs,
    next: null,
    former: [...former, { candidate, entryRefs, told: false }],
    campaign: { ...campaign, rolls: campaign.rolls + 1 },
    sight: null,
    told: null,
  };
};

const ROLL: Decision = { action: "close", rule: "dte-roll", urgency: "high" };
const wanted = ({ adjusting }: SlotContext): Decision =>
  adjusting === null ? ROLL : { action: "close", rule: adjusting.rule, urgency: adjusting.urgency };
/** What was to be rolled is closed, unless a more severe rule closes it already. `continues`: to be entered again later. */
export const exitInstead = (context: SlotContext, continues = false): Partial<SlotContext> => {
  const exit: Leaving = { decision: wanted(context), attempts: 0, ...(continues ? { continues } : {}) };
  return { exit: context.exit ?? exit };
};
/** What a roll filled in part has left of the old legs goes at once, whatever else is to be left. */
export const exitOfRest = (context: SlotContext): Partial<SlotContext> => {
  const { exit } = context;
  if (exit !== null) return {};
  return { exit: { decision: { ...wanted(context), urgency: ROLL.urgency }, attempts: 0, restOnly: true } };
};
