import { List } from "./pages.ts";
import { type CallOptions, conditionHeaders, type Precondition, segment, type Transport } from "./transport.ts";
import type {
  AuditEntry,
  Identity,
  Key,
  Namespace,
  NamespaceChange,
  NewKey,
  NewKeyAnswer,
  Settings,
  SettingsChange,
} from "./types.ts";

/** Keys, quotas, settings and the audit. Operators only, but for `identity`. */
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

  /** Namespaces with a key or a quota, by name. */
  namespaces({ limit, ...options }: CallOptions & { limit?: number } = {}): List<Namespace> {
    return new List(this.#transport, "/api/v1/namespaces", { limit }, options);
  }

  /** Sets what a namespace may keep, in bytes, items or both; null lifts it. */
  setQuota(name: string, quota: NamespaceChange["quota"], options: Precondition = {}): Promise<Namespace> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PUT", `/api/v1/namespaces/${segment(name)}`, { json: { quota }, headers }, options);
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
