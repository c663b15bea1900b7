import type { Group, Operation } from "./document.ts";

export interface Narrowing {
  /** Words that each must occur in the path, summary, id, method or a parameter's name. */
  text: string;
  /** Empty for all. */
  group: string;
  /** Only what this role may call; empty for all. */
  role: string;
}

/** The groups with the operations that a reader looks for; groups without one are left out. */
export function narrowed(groups: readonly Group[], { text, group, role }: Narrowing): Group[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .filter(({ name }) => group === "" || name === group)
    .map((one) => ({
      ...one,
      operations: one.operations.filter((operation) => isFor(operation, role) && hasWords(operation, words)),
    }))
    .filter(({ operations }) => operations.length > 0);
}

/** Public operations are for everybody, and all are for an operator. */
const isFor = ({ roles }: Operation, role: string): boolean =>
  role === "" || role === "operator" || roles.includes(role) || roles.includes("none");

function hasWords({ method, path, id, summary, parameters }: Operation, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${method} ${path} ${id} ${summary} ${parameters.map(({ name }) => name).join(" ")}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
