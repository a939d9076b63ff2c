/** The operator's word on one alert: `POST /api/v1/commands/alerts/acknowledge|resolve|dismiss {alertId, reason}`, durable when it is answered. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { address } from "../domain/address.ts";
import { ALERT_WORDS, type AlertWord, alertNumber } from "../domain/alert.ts";
import type { ReadModel } from "../projections/read-model.ts";
import { type Command, reason } from "./commands.ts";

const body = z.strictObject({
  alertId: z.string().max(30),
  reason: reason.default("no reason given"),
});

export const alertCommandRoutes = (app: FastifyInstance, command: Command, readModel: ReadModel): void => {
  for (const word of Object.keys(ALERT_WORDS) as AlertWord[]) {
    app.post(`/api/v1/commands/alerts/${word}`, async (request, reply) => {
      const given = body.safeParse(request.body ?? {});
      if (!given.success) {
        const message = given.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
        return reply.code(400).send({ error: "badRequest", message });
      }
      const n = alertNumber(given.data.alertId);
      const alert = n === undefined ? undefined : readModel.alert(address.alert(n));
      if (alert === undefined)
        return reply.code(404).send({
          error: "notFound",
          message: `there is no alert ${given.data.alertId}: 'caretaker alerts --all' and /api/v1/alerts list them`,
        });
      if (!ALERT_WORDS[word].includes(alert.state))
        return reply.code(409).send({
          error: "conflict",
          message: `${alert.alertId} is ${alert.state} already: ${word} is for those that are ${ALERT_WORDS[word].join(" or ")}`,
        });
      const answer = await command({
        type: `operator.${word}`,
        by: "operator",
        from: "api",
        reason: given.data.reason,
        alertId: alert.alertId,
      });
      if ("refused" in answer)
        return reply.code(503).header("retry-after", "1").send({ error: "refused", message: answer.refused });
      return { seq: answer.seq };
    });
  }
};
