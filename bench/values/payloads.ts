import { seeded, sessionData } from "../memory/session-data.ts";

type Random = (below: number) => number;

const SENTENCES = [
  "The service keeps its state under one memory budget and says which part holds how much.",
  "When the limit comes near, what can be made again is let go first, and nobody is logged out.",
  "A vector index answers the ten nearest neighbours; the scan reads each code once.",
  "Compression pays for idle values, while a small hot tier keeps the ones in use ready.",
  "Every figure is measured on the running process, in a fresh one where that matters.",
];

function prose(random: Random, bytes: number): string {
  let text = "";
  while (text.length < bytes) {
    text += `${SENTENCES[random(SENTENCES.length)]} In run ${random(10_000)} it took ${random(900)} ms at ${random(100)} %. `;
  }
  return text.slice(0, bytes);
}

const chat = (random: Random, messages: number, bytes: number) => ({
  conversationId: `c-${random(1_000_000)}`,
  messages: Array.from({ length: messages }, (_, i) => ({
    id: `m-${random(1_000_000_000)}`,
    role: i % 2 === 0 ? "user" : "assistant",
    content: prose(random, bytes),
    createdAt: new Date(1_760_000_000_000 + random(1_000_000_000)).toISOString(),
    tokens: random(400),
  })),
});

const answer = (random: Random) => ({
  page: random(100),
  items: Array.from({ length: 60 }, () => ({
    id: random(1_000_000),
    name: `Item ${random(10_000)}`,
    price: random(100_000) / 100,
    inStock: random(2) === 1,
    tags: ["new", "sale", "popular"].slice(0, 1 + random(3)),
    description: prose(random, 90),
    updatedAt: new Date(1_760_000_000_000 + random(1_000_000_000)).toISOString(),
  })),
});

/** The four payloads of the goals, each value different, from one seed. */
export const PAYLOADS = {
  session: { count: 10_000, make: (random: Random): object => sessionData(random) },
  text: {
    count: 1_500,
    make: (random: Random): object => ({ model: "m", prompt: prose(random, 200), text: prose(random, 3_800) }),
  },
  answer: { count: 1_500, make: answer },
  chat: { count: 1_500, make: (random: Random): object => chat(random, 50, 400) },
} as const;

export type PayloadName = keyof typeof PAYLOADS;

/** The payload's values, parsed from JSON as a request's body is, so that nothing is shared between them. */
export function* values(name: PayloadName): Generator<object> {
  const random = seeded(11);
  const { count, make } = PAYLOADS[name];
  for (let i = 0; i < count; i++) yield JSON.parse(JSON.stringify(make(random)));
}
