import type { Result, Router } from "hono/router";

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  /** What any other segment leads to. */
  parameter: Node<T> | null;
  readonly handlers: Map<string, T>;
}

const ANY_METHOD = "ALL";
/** The route reads parameters from the target as sent, because Hono passes them on decoded. */
const NO_PARAMETERS = {};

/**
 * Finds the single handler of a request. Hono's routers collect every handler that could match (the route's, its path's
 * answer to other methods, the fallback) and run them as middleware, each with its own objects. Here a request has
 * exactly one handler. A path consists of literal segments and whole-segment parameters. The method's own route takes
 * precedence over `ALL`, a literal over a parameter, and `*` comes last. O(segments), with a few more attempts where a
 * literal and a parameter share a position.
 */
export class RouteTable<T> implements Router<T> {
  readonly name = "route table";
  readonly #root: Node<T> = newNode();
  #fallback: T | null = null;

  add(method: string, path: string, handler: T): void {
    if (path === "/*" || path === "*") {
      this.#fallback = handler;
      return;
    }
    let node = this.#root;
    for (const segment of path.slice(1).split("/")) {
      if (segment.startsWith(":")) {
        node.parameter ??= newNode();
        node = node.parameter;
        continue;
      }
      const next = node.literals.get(segment) ?? newNode();
      node.literals.set(segment, next);
      node = next;
    }
    if (node.handlers.has(method)) throw new Error(`${method} ${path} is there twice`);
    node.handlers.set(method, handler);
  }

  match(method: string, path: string): Result<T> {
    const handler = find(this.#root, path, 1, method) ?? find(this.#root, path, 1, ANY_METHOD) ?? this.#fallback;
    return handler === null ? [[]] : [[[handler, NO_PARAMETERS]]];
  }
}

/** The handler under `node` for the rest of `path` from `start`. */
function find<T>(node: Node<T>, path: string, start: number, method: string): T | null {
  const slash = path.indexOf("/", start);
  const segment = slash === -1 ? path.slice(start) : path.slice(start, slash);
  if (segment === "") return null;
  const literal = node.literals.get(segment);
  const found = literal ? enter(literal, path, slash, method) : null;
  if (found !== null || node.parameter === null) return found;
  return enter(node.parameter, path, slash, method);
}

function enter<T>(node: Node<T>, path: string, slash: number, method: string): T | null {
  return slash === -1 ? (node.handlers.get(method) ?? null) : find(node, path, slash + 1, method);
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), parameter: null, handlers: new Map() };
}
