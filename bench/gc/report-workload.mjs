// The report's workload: 500 sessions of about 2 KB, read, changed and made again; 50 cached answers of about 16 KB of
// JSON, asked for by 80 keys of very different popularity, put again when they are missed. The same sequence for a seed.

/** mulberry32 */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS = "memory bounded session answer vector context token budget limit cache stream index model prompt".split(
  " ",
);
const text = (random, words) =>
  Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");

export function sessionData(random, user) {
  return {
    user: `user-${user}`,
    locale: "en",
    preferences: { theme: "dark", model: "small", temperature: Number(random().toFixed(2)) },
    turns: Array.from({ length: 8 }, (_, turn) => ({
      role: turn % 2 ? "assistant" : "user",
      at: turn,
      text: text(random, 28),
    })),
  };
}

export function answerBody(random, key) {
  const items = Array.from({ length: 60 }, (_, at) => ({
    id: `${key}-${at}`,
    score: random(),
    title: text(random, 6),
    text: text(random, 24),
  }));
  return Buffer.from(JSON.stringify({ key, items }));
}

const SESSIONS = 500;
const KEYS = 80;

/** Makes the sessions, then returns `step(at)`, which sends one or two requests. */
export async function createWorkload(client, seed) {
  const random = randomFrom(seed);
  const ids = [];
  const make = async (at) => {
    const { body, status } = await client.send("POST", "/api/v1/sessions", { data: sessionData(random, at) });
    if (status !== 201) throw new Error(`a session was answered with ${status}`);
    ids[at] = JSON.parse(body.toString("utf8")).id;
  };
  await client.each(SESSIONS, make);
  const counts = { requests: 0, refused: 0, failed: 0 };
  const latencies = [];

  async function send(...request) {
    const sentAt = performance.now();
    const answer = await client.send(...request);
    latencies.push(performance.now() - sentAt);
    counts.requests += 1;
    if (answer.status === 503) counts.refused += 1;
    else if (answer.status >= 500) counts.failed += 1;
    return answer;
  }

  async function step() {
    const chance = random();
    const at = Math.floor(random() * SESSIONS);
    if (chance < 0.55) {
      const { status } = await send("GET", `/api/v1/sessions/${ids[at]}`);
      if (status === 404) await make(at);
    } else if (chance < 0.7) {
      const { status } = await send("PUT", `/api/v1/sessions/${ids[at]}`, { data: sessionData(random, at) });
      if (status === 404) await make(at);
    } else if (chance < 0.72) {
      await make(at);
    } else {
      const key = `answer-${Math.floor(KEYS * random() ** 3)}`;
      const { status, headers } = await send("GET", `/api/v1/cache/${key}`, undefined, { "accept-encoding": "gzip" });
      if (status !== 404) return;
      const lease = headers["x-fill-lease"];
      await send("PUT", `/api/v1/cache/${key}`, answerBody(random, key), {
        "content-type": "application/json",
        ...(lease ? { "x-fill-lease": lease } : {}),
      });
    }
  }
  return { step, counts, latencies };
}
