/** The reading routes under /api/v1: each answers with a view of the read model as one JSON document. GET changes nothing. */
import type { FastifyInstance } from "fastify";
import type { EpochMs } from "../domain/units.ts";
import type { ReadModel } from "../projections/read-model.ts";

const NOT_FOUND = (what: string) => ({
  error: "notFound",
  message: `there is no such ${what} among what is kept here; older ones are in the journal alone`,
});
const INTENT_ID = /^\d{8}-[a-z0-9]+-\d+$/;
const SYMBOL = /^[A-Z0-9.]{1,12}$/;

const wholeNumber = (text: string | undefined): number | undefined => {
  const value = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  return value;
};

export const readingRoutes = (app: FastifyInstance, readModel: ReadModel): void => {
  app.get("/api/v1/status", () => readModel.status);
  app.get("/api/v1/positions", () => ({ ...readModel.positions, account: readModel.holdings }));
  app.get("/api/v1/orders", () => readModel.orders);
  app.get("/api/v1/report", () => ({ trades: readModel.trades, predictions: readModel.predictions }));
  app.get<{ Params: { intentId: string } }>("/api/v1/orders/:intentId", (request, reply) => {
    const { intentId } = request.params;
    const order = INTENT_ID.test(intentId) ? readModel.order(intentId) : undefined;
    return order ?? reply.code(404).send(NOT_FOUND("order"));
  });
  app.get("/api/v1/decisions", () => readModel.decisions);
  app.get("/api/v1/actors", () => readModel.actors);
  app.get("/api/v1/equity", () => readModel.equity);
  app.get("/api/v1/trades", () => readModel.trades);
  app.get("/api/v1/futures", () => ({ futures: readModel.futures }));
  app.get("/api/v1/breakers", () => readModel.breakers);
  app.get("/api/v1/session", () => readModel.session);
  // With the market time, from which ages are reckoned.
  app.get("/api/v1/alerts", () => ({ ...readModel.alerts, now: readModel.now }));
  app.get("/api/v1/notices", () => ({ notices: readModel.notices }));
  app.get("/api/v1/story", () => ({ sentences: readModel.story }));

  app.get<{ Params: { intentId: string } }>("/api/v1/explain/order/:intentId", (request, reply) => {
    const { intentId } = request.params;
    const explained = INTENT_ID.test(intentId) ? readModel.explainOrder(intentId) : undefined;
    return explained ?? reply.code(404).send(NOT_FOUND("order"));
  });
  app.get<{ Params: { seq: string }; Querystring: { slot?: string } }>("/api/v1/explain/decision/:seq", (request, reply) => {
    const seq = wholeNumber(request.params.seq);
    const explained = seq === undefined ? undefined : readModel.explainDecision(seq, request.query.slot);
    return explained ?? reply.code(404).send(NOT_FOUND("decision"));
  });
  app.get<{ Querystring: { slot?: string } }>("/api/v1/explain/slot", (request, reply) => {
    return readModel.explainSlot(request.query.slot ?? "") ?? reply.code(404).send(NOT_FOUND("decision about a slot"));
  });
  app.get<{ Querystring: { symbol?: string; at?: string } }>("/api/v1/explain/why-not", (request, reply) => {
    const { symbol = "", at } = request.query;
    const instant = at === undefined ? readModel.now : wholeNumber(at);
    if (!SYMBOL.test(symbol) || instant === undefined) {
      return reply.code(400).send({ error: "badRequest", message: "wanted ?symbol=SPY and, if given, &at=<epoch milliseconds>" });
    }
    return readModel.explainWhyNot(symbol, instant as EpochMs);
  });
};
