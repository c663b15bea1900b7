/** A seeded generator (Numerical Recipes' LCG): the same data in every run and for every peer. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const WORDS =
  "the model answered with context about memory usage and session state for user request planning tool call result error token budget vector index cache policy latency server response stream chunk document citation query embedding profile".split(
    " ",
  );

/** A session as an AI service keeps it: who, what they like, what they are doing. About 1.8 KB as JSON. */
export function sessionData(random: (below: number) => number): object {
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const text = (bytes: number) => {
    let result = "";
    while (result.length < bytes) result += `${pick(WORDS)} `;
    return result.slice(0, bytes);
  };
  const hex = (digits: number) => Array.from({ length: digits }, () => random(16).toString(16)).join("");
  return {
    userId: `user-${random(1_000_000)}`,
    email: `${pick(WORDS)}.${pick(WORDS)}${random(1_000)}@example.com`,
    roles: [pick(["admin", "editor", "viewer"]), "member"],
    csrf: hex(32),
    locale: pick(["en-US", "de-DE", "fr-FR"]),
    preferences: { theme: pick(["dark", "light"]), pageSize: pick([20, 50, 100]), notifications: random(2) === 1 },
    cart: Array.from({ length: 1 + random(5) }, () => ({
      sku: `SKU-${random(100_000)}`,
      quantity: random(9),
      cents: random(10_000),
    })),
    history: Array.from({ length: 9 }, () => ({
      role: pick(["user", "assistant"]),
      content: text(60 + random(120)),
      at: 1_760_000_000_000 + random(1_000_000_000),
    })),
    lastPath: `/chat/${hex(12)}`,
    visits: random(200),
  };
}
