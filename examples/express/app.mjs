// A shop's sign-in with express-session. `STORE=memory` runs it as it was before: with the sessions in this process.
import { HeadroomStore } from "@headroom/adapters/express-session";
import { Headroom } from "@headroom/client";
import express from "express";
import session from "express-session";

const client = new Headroom({ url: process.env.HEADROOM_URL, key: process.env.HEADROOM_API_KEY });
const store = process.env.STORE === "memory" ? undefined : new HeadroomStore({ client });

const app = express();
app.use(
  session({ store, secret: "change me", resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000 } }),
);
app.post("/login/:user", (request, response) => {
  request.session.user = request.params.user;
  request.session.cart = Array.from({ length: 20 }, (_, item) => ({
    item,
    name: `item ${item} of ${request.params.user}`,
  }));
  response.json({ user: request.session.user });
});
app.get("/me", (request, response) => response.json({ user: request.session.user ?? null }));
app.get("/memory", (_request, response) => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  response.json({ rssBytes: rss, heapUsedBytes: heapUsed });
});

const server = app.listen(Number(process.env.PORT ?? 3001), "127.0.0.1", () => {
  console.log(`The shop is at http://127.0.0.1:${server.address().port}`);
});
