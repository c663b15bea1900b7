import type { ServerEvents } from "../contracts/events.ts";

/** Every event that the socket pushes; whoever makes one need not know of sockets. */
export class Events {
  readonly #listeners = new Set<(name: keyof ServerEvents, payload: unknown) => void>();

  emit<Name extends keyof ServerEvents>(name: Name, payload: Parameters<ServerEvents[Name]>[0]): void {
    for (const listener of this.#listeners) listener(name, payload);
  }

  /** @returns the unsubscribe. */
  subscribe(listener: (name: keyof ServerEvents, payload: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
