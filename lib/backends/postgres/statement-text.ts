import type { SqlValue } from "../../ports/database.ts";
import type { PgQuery, PgValue } from "./pg-client.ts";

/** Texts that are prepared on each connection; those beyond are parsed each time. Drivers use some hundred distinct ones. */
export const MAX_PREPARED = 400;

/** Strings and names stand as they are; what is left of `?` and `?7` are parameters. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?(\d*)/g;

/** Statements in Postgres' terms: `?` and `?7` become `$1` and `$7`, as SQLite numbers them. */
export class StatementTexts {
  readonly #known = new Map<string, { text: string; name: string | null; parameters: number }>();

  query(sql: string, params: readonly SqlValue[] = []): PgQuery {
    const { text, name, parameters } = this.#known.get(sql) ?? this.#translate(sql);
    // Postgres takes none that the text does not name.
    const values = params.slice(0, parameters).map(toPg);
    return name === null ? { text, values } : { text, name, values };
  }

  #translate(sql: string) {
    let parameters = 0;
    const text = sql.replace(TOKENS, (token, number: string | undefined) => {
      if (number === undefined) return token;
      const at = number === "" ? parameters + 1 : Number(number);
      parameters = Math.max(parameters, at);
      return `$${at}`;
    });
    const isKept = this.#known.size < MAX_PREPARED;
    const entry = { text, name: isKept ? `headroom_${this.#known.size}` : null, parameters };
    if (isKept) this.#known.set(sql, entry);
    return entry;
  }
}

/**
 * Postgres has no U+0000 in texts, and callers may send one. It is kept as two characters: the noncharacter U+FFFE, which no text
 * has by Unicode, and a digit; U+FFFE itself is kept in the same way.
 */
const ESCAPE = "\uFFFE";

function toPg(value: SqlValue): PgValue {
  if (typeof value === "string") return toPgText(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value;
}

export const toPgText = (text: string): string =>
  text.includes("\0") || text.includes(ESCAPE)
    ? text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll("\0", `${ESCAPE}0`)
    : text;

/** A text as it was sent. */
export const fromPgText = (text: string): string =>
  text.includes(ESCAPE) ? text.replaceAll(`${ESCAPE}0`, "\0").replaceAll(`${ESCAPE}1`, ESCAPE) : text;
