import { List } from "./pages.ts";
import { type CallOptions, segment, type Transport } from "./transport.ts";
import type { AuditEntry, Identity, Key, NewKey, NewKeyAnswer, Settings, SettingsChange } from "./types.ts";

/** Keys, settings and the audit. Operators only, but for `identity`. */
export class Admin {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Who the key is. */
  identity(options: CallOptions = {}): Promise<Identity> {
    return this.#transport.json("GET", "/api/v1/auth/me", {}, options);
  }

  keys({ limit, ...options }: CallOptions & { limit?: number } = {}): List<Key> {
    return new List(this.#transport, "/api/v1/keys", { limit }, options);
  }

  /** Makes an API key. Its secret is in this answer only. */
  createKey(key: NewKey, options: CallOptions = {}): Promise<NewKeyAnswer> {
    return this.#transport.json("POST", "/api/v1/keys", { json: key }, options);
  }

  revokeKey(id: string, options: CallOptions = {}): Promise<boolean> {
    return this.#transport.remove(`/api/v1/keys/${segment(id)}`, {}, options);
  }

  settings(options: CallOptions = {}): Promise<Settings> {
    return this.#transport.json("GET", "/api/v1/settings", {}, options);
  }

  changeSettings(change: SettingsChange, options: CallOptions = {}): Promise<Settings> {
    return this.#transport.json("PATCH", "/api/v1/settings", { json: change }, options);
  }

  audit({ limit, ...options }: CallOptions & { limit?: number } = {}): List<AuditEntry> {
    return new List(this.#transport, "/api/v1/audit", { limit }, options);
  }
}
