/** The engine's stream, kept open: reconnects by itself, and starts afresh when a frame is missing. */
const RETRY_MS = [500, 1_000, 2_000, 5_000];

export const openStream = ({ onFrame, onState, onLoggedOut }) => {
  let attempts = 0;
  let expected = 0;
  let lastFrame = 0;

  const retry = async () => {
    onState("away");
    const wait = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)];
    attempts++;
    // A refused upgrade looks like a broken line; asking once tells them apart.
    const answer = await fetch("/api/v1/status").catch(() => undefined);
    if (answer?.status === 401) return onLoggedOut();
    setTimeout(connect, wait);
  };

  const connect = () => {
    const socket = new WebSocket(`ws://${location.host}/api/v1/stream`);
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "snapshot") expected = frame.n;
      if (frame.n !== expected) return socket.close();
      expected++;
      attempts = 0;
      lastFrame = performance.now();
      onState("here");
      onFrame(frame);
    });
    socket.addEventListener("close", retry, { once: true });
  };
  connect();

  // A line can be open and dead: the engine says something at least every two seconds.
  setInterval(() => {
    if (lastFrame > 0 && performance.now() - lastFrame > 6_000) onState("silent");
  }, 1_000);
};

export const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, said };
};
