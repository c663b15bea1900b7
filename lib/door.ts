/** What the server leaves for the pages and route handlers, which are a module graph of their own. */
interface Door {
  fetch(request: Request): Promise<Response>;
}

const KEY = Symbol.for("headroom.runtime");

/**
 * Hands a request to the server's HTTP API. Only a Request and a Response cross: no class of ours exists twice.
 *
 * @throws {Error} when there is no server, as in `next build` or plain `next start`.
 */
export function doorFetch(request: Request): Promise<Response> {
  const door = (globalThis as { [KEY]?: Door })[KEY];
  if (!door) throw new Error("Headroom's pages need its server: run npm start.");
  return door.fetch(request);
}
