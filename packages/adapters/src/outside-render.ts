import { AsyncResource } from "node:async_hooks";

/** Made as the app starts, so it belongs to no render. */
const scope = new AsyncResource("HeadroomCacheHandler");

/**
 * Runs a request of a cache handler outside of the render that asks for it. Next replaces `fetch` in a render by one that
 * looks into the cache handler first: the handler would ask itself without end.
 */
export const outsideRender = <T>(request: () => Promise<T>): Promise<T> => scope.runInAsyncScope(request);
