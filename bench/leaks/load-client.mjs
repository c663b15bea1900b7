// Sends `{ port, requests }` worth of requests, eight at a time, whenever its parent asks, and says when they are answered. A process of
// its own, so that the server's CPU time is the server's.
import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

const one = (port, id) =>
  new Promise((resolve, reject) => {
    const request = http.request({ port, agent, method: "POST", path: `/orders/${id}` }, (response) => {
      response.resume();
      response.on("end", resolve);
    });
    request.on("error", reject);
    request.end(JSON.stringify({ id, items: Array.from({ length: 40 }, (_, k) => ({ sku: `sku-${k}`, amount: k })) }));
  });

process.on("message", async ({ port, requests }) => {
  let next = 0;
  const lane = async () => {
    while (next < requests) await one(port, next++);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  process.send("done");
});
