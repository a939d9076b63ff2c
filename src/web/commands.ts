/**
 * The operator's commands: a POST becomes an input of the journal, and the answer says so once it is durable. Pausing and halting
 * need no more than the press of a button; resuming and re-arming want a reason.
 */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { OperatorEvent } from "../domain/events/actors.ts";

/** Durable as this step, or refused for now. Rejects when nobody knows: the journal failed. */
export type Command = (input: OperatorEvent) => Promise<{ readonly seq: number } | { readonly refused: string }>;

// Line breaks and other controls would forge lines in terminals.
export const reason = z
  .string()
  .trim()
  .max(200)
  .regex(/^\P{Cc}*$/u, "one line of text");
const tightening = z.strictObject({ reason: reason.default("no reason given") });
const loosening = z.strictObject({ reason: reason.min(1, "a reason is wanted for this") });
const rearming = z.strictObject({
  reason: reason.min(1, "a reason is wanted for this"),
  scope: z
    .string()
    .regex(/^[a-zA-Z0-9-]{1,40}$/)
    .default("engine"),
});

const adopting = z.strictObject({
  reason: reason.min(1, "a reason is wanted for this"),
  subject: z
    .string()
    .min(1)
    .max(80)
    .regex(/^[\w .]+$/, "a contract as the difference names it"),
});

type Verb = "pause" | "resume" | "halt" | "rearm" | "adopt";
const BODIES: {
  readonly [V in Verb]: z.ZodType<{ readonly reason: string; readonly scope?: string; readonly subject?: string }>;
} = {
  pause: tightening,
  halt: tightening,
  resume: loosening,
  rearm: rearming,
  adopt: adopting,
};

export const commandRoutes = (app: FastifyInstance, command: Command): void => {
  for (const verb of Object.keys(BODIES) as Verb[]) {
    app.post(`/api/v1/commands/${verb}`, async (request, reply) => {
      const body = BODIES[verb].safeParse(request.body ?? {});
      if (!body.success) {
        const message = body.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
        return reply.code(400).send({ error: "badRequest", message });
      }
      const given = { by: "operator", from: "api" as const, reason: body.data.reason };
      const input: OperatorEvent =
        verb === "rearm"
          ? { type: "operator.rearm", ...given, scope: body.data.scope ?? "engine" }
          : verb === "adopt"
            ? { type: "operator.adopt", ...given, subject: body.data.subject ?? "" }
            : { type: `operator.${verb}`, ...given };
      const answer = await command(input);
      if ("refused" in answer)
        return reply.code(503).header("retry-after", "1").send({ error: "refused", message: answer.refused });
      return { seq: answer.seq };
    });
  }
};
