import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { ConflictError, type Headroom, type Message, type NewMessage, NotFoundError } from "@headroom/client";
import { batchesOf, jsonLength } from "./batches.ts";

/** ASCII that is its own JSON, but for a few quotes, so a slice fits into the 1 MiB of a message's content. */
const SLICE = 1_000_000;
/** Records are ASCII. */
const RECORDS = { items: 100, characters: 6_000_000 };
const PAGE = 100;

/** Something of one name that a conversation keeps. */
export interface KeptRecord {
  id: string;
  value: unknown;
}

interface Head {
  /** The value's JSON, or where its slices are. */
  json?: string;
  slices?: string[];
}

/** Bytes and how they were written, as a member of a record's value. */
export type Bytes = [type: string, base64: string];
export const toBytes = (type: string, bytes: Uint8Array): Bytes => [type, Buffer.from(bytes).toString("base64")];
export const fromBytes = ([type, base64]: Bytes): [string, Uint8Array] => [
  type,
  new Uint8Array(Buffer.from(base64, "base64")),
];

/**
 * Adds records to a conversation, all of them or none where they fit into one request. Their parts have a type that is no
 * text, so nothing of them is embedded or found by a search. @throws {ConflictError} where a record of that name is there
 * with another value.
 */
export async function addRecords(
  client: Headroom,
  conversation: string,
  records: readonly KeptRecord[],
): Promise<void> {
  const messages = records.map(messagesOf);
  // A value is there when its head is, so slices go first. Names of slices tell what they hold: they never conflict.
  const slices = messages.flatMap(([, ...rest]) => rest);
  await append(client, conversation, slices);
  await append(
    client,
    conversation,
    messages.map(([head]) => head),
  );
}

async function append(client: Headroom, conversation: string, messages: readonly NewMessage[]): Promise<void> {
  for (const batch of batchesOf(messages, RECORDS, ({ content }) => jsonLength(content)))
    await client.conversations.appendMany(conversation, batch);
}

/** Adds a record, or puts its value in the place of what has its name. */
export async function putRecord(client: Headroom, conversation: string, record: KeptRecord): Promise<void> {
  try {
    await addRecords(client, conversation, [record]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // The slices are there by now, since what they hold names them.
    const [{ id, ...head }] = messagesOf(record);
    await client.conversations.edit(conversation, record.id, head);
  }
}

/** Adds a record unless there is one of that name. */
export async function addRecord(client: Headroom, conversation: string, record: KeptRecord): Promise<void> {
  try {
    await addRecords(client, conversation, [record]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** All records of a conversation by name; none of one that is not there. */
export async function readRecords(client: Headroom, conversation: string): Promise<Map<string, unknown>> {
  const heads = new Map<string, Head>();
  const slices = new Map<string, string>();
  try {
    for await (const message of client.conversations.messages(conversation, { limit: PAGE })) {
      const [type, data] = partOf(message);
      if (type === "slice") slices.set(message.id, String(data));
      else if (type === "record") heads.set(message.id, data as Head);
    }
  } catch (error) {
    if (error instanceof NotFoundError) return new Map();
    throw error;
  }
  return new Map(
    [...heads].map(([id, { json, slices: names = [] }]) => [
      id,
      JSON.parse(json ?? names.map((name) => slices.get(name) ?? "").join("")),
    ]),
  );
}

function messagesOf({ id, value }: KeptRecord): [NewMessage, ...NewMessage[]] {
  const json = JSON.stringify(value);
  if (json.length <= SLICE) return [messageOf(id, "record", { json })];
  const slices: NewMessage[] = [];
  for (let from = 0; from < json.length; from += SLICE) {
    const slice = json.slice(from, from + SLICE);
    slices.push(messageOf(`slice:${slices.length}:${hashOf(slice)}`, "slice", slice));
  }
  return [messageOf(id, "record", { slices: slices.map((slice) => slice.id) }), ...slices];
}

const messageOf = (id: string, type: string, data: unknown): NewMessage => ({
  id,
  role: "tool",
  content: [{ type: `headroom-${type}`, ...{ data } }],
});

function partOf({ content }: Message): [type: string, data: unknown] {
  const [part] = content as { type: string; data?: unknown }[];
  return typeof content === "string" || !part ? ["", null] : [part.type.replace("headroom-", ""), part.data];
}

/** A text as a part of an id: itself where it is short and plain, otherwise a hash of it. */
export function idPart(text: string, most: number): string {
  const plain = encodeURIComponent(text);
  return plain.length <= most ? plain : `#${hashOf(text)}`;
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");
