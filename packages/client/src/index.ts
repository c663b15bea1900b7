export type { CacheBody, CachedResponse, CacheWrite } from "./cache.ts";
export * from "./errors.ts";
export { Headroom } from "./headroom.ts";
export type { List, Page } from "./pages.ts";
export type { StreamResult, UploadOptions, UploadSource } from "./streams.ts";
export type { SocketFactory, Subscription, SubscriptionHandlers } from "./subscription.ts";
export type { CallOptions, HeadroomOptions, Precondition } from "./transport.ts";
export type * from "./types.ts";
export type { Points } from "./vectors.ts";
