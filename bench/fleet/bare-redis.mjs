// What a session read and write cost over node:http and ioredis alone: no bounds, no keys, no versions.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Redis } = createRequire(new URL("../../packages/fleet/package.json", import.meta.url))("ioredis");
const redis = new Redis(process.env.HEADROOM_REDIS_URL);
const IDLE_MS = 1_800_000;

const server = createServer(async (request, response) => {
  const key = `bare:${request.url}`;
  const headers = { "Content-Type": "application/json" };
  if (request.method === "GET") {
    const data = await redis.getexBuffer(key, "PX", IDLE_MS);
    response.writeHead(data ? 200 : 404, headers).end(data);
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { data } = JSON.parse(Buffer.concat(chunks).toString());
  await redis.set(key, JSON.stringify(data), "PX", IDLE_MS);
  response.writeHead(200, headers).end('{"ok":true}');
});
server.listen(0, "127.0.0.1", () => console.log(`ready at http://127.0.0.1:${server.address().port}`));
