/**
 * `npm run bench:client`: CPU of this process for a request through packages/client, as a ratio to bare `fetch` doing the
 * same: the same key, the same bodies, JSON read, the status looked at. In turns, against one built server.
 */
import { OPERATOR_KEY, TestServer } from "../../e2e/support/server.ts";
import { median } from "../../lib/shared/median.ts";
import { Headroom } from "../../packages/client/src/index.ts";

const ROUNDS = 15;
const REQUESTS = 2_000;
const CALLERS = 16;

const server = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "warn" } });
const headroom = new Headroom({ url: server.url, key: OPERATOR_KEY });
const { id } = await headroom.sessions.create({
  data: { user: "ada", cart: Array.from({ length: 20 }, (_, at) => at) },
});
const url = `${server.url}/api/v1/sessions/${id}`;
const authorization = `Bearer ${OPERATOR_KEY}`;
const data = { user: "ada", cart: [1, 2, 3] };

async function bare(method: "GET" | "PUT"): Promise<void> {
  const json = { authorization, "content-type": "application/json" };
  const init =
    method === "GET" ? { headers: { authorization } } : { method, headers: json, body: JSON.stringify({ data }) };
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${method}: ${response.status}`);
  await response.json();
}

const WAYS = {
  "read, bare": () => bare("GET"),
  "read, client": () => headroom.sessions.get(id),
  "write, bare": () => bare("PUT"),
  "write, client": () => headroom.sessions.replace(id, { data }),
} as const;
type Way = keyof typeof WAYS;

/** CPU in µs for each request of a batch. */
async function measure(way: Way): Promise<number> {
  let left = REQUESTS;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (left-- > 0) await WAYS[way]();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const ways = Object.keys(WAYS) as Way[];
const taken = new Map<Way, number[]>(ways.map((way) => [way, []]));
for (const way of ways) await measure(way);
for (let round = 0; round < ROUNDS; round++)
  for (const way of round % 2 ? [...ways].reverse() : ways) taken.get(way)?.push(await measure(way));
await server.remove();

for (const kind of ["read", "write"] as const) {
  const of = (who: "bare" | "client") => taken.get(`${kind}, ${who}`) ?? [];
  const ratios = of("client").map((cost, round) => cost / (of("bare")[round] ?? Number.NaN));
  const sorted = [...ratios].sort((a, b) => a - b);
  console.log(
    `${kind}: client ${median(of("client")).toFixed(0)} µs, bare fetch ${median(of("bare")).toFixed(0)} µs; ` +
      `ratio ${median(ratios).toFixed(3)} (${sorted[3]?.toFixed(3)}–${sorted[ROUNDS - 4]?.toFixed(3)} the middle half; must be ≤ 1.05)`,
  );
}
