import { describe, expect, it } from "vitest";
import { isSameQuestion } from "./same-question.ts";
import { SemanticCache } from "./semantic-cache.ts";

const SUBJECTS = [
  "the boundary layer",
  "a supersonic wing",
  "Anna's invoice",
  "the Berlin office",
  "our refund policy",
  "aspirin",
  "the night train",
  "TCP",
  "the second amendment",
  "a savings account",
];
const OTHERS = [
  "the shock wave",
  "a subsonic wing",
  "Maria's invoice",
  "the London office",
  "our return policy",
  "ibuprofen",
  "the day train",
  "UDP",
  "the first amendment",
  "a checking account",
];

/** 500 pairs that a sentence encoder finds nearly equal and that ask different things: ten kinds, ten subjects, five wordings. */
function nearMisses(): [string, string][] {
  const pairs: [string, string][] = [];
  SUBJECTS.forEach((a, at) => {
    const b = OTHERS[at] ?? "";
    const year = 1990 + at;
    pairs.push(
      // Negations
      [`Is ${a} allowed?`, `Is ${a} not allowed?`],
      [`Can I use ${a} with children?`, `Can't I use ${a} with children?`],
      [`Which parts of ${a} are covered?`, `Which parts of ${a} are never covered?`],
      [`Does ${a} work with alcohol?`, `Does ${a} work without alcohol?`],
      [`Is ${a} legal?`, `Is ${a} illegal?`],
      // Swapped subjects
      [`Is ${a} faster than ${b}?`, `Is ${b} faster than ${a}?`],
      [`Did ${a} replace ${b}?`, `Did ${b} replace ${a}?`],
      [`What does ${a} owe ${b}?`, `What does ${b} owe ${a}?`],
      [`How far is it from ${a} to ${b}?`, `How far is it to ${a} from ${b}?`],
      [`Why did ${a} come before ${b}?`, `Why did ${b} come before ${a}?`],
      // Numbers
      [`What did ${a} cost in ${year}?`, `What did ${a} cost in ${year + 1}?`],
      [`Who has ${at + 2} of ${a}?`, `Who has ${at + 12} of ${a}?`],
      [`Is ${a} worth 1.5 times as much?`, `Is ${a} worth 15 times as much?`],
      [`Has ${a} grown by 5 %?`, `Has ${a} grown by 5?`],
      [`What happened to ${a} on 3/4?`, `What happened to ${a} on 4/3?`],
      // Another subject
      [`How do I get ${a}?`, `How do I get ${b}?`],
      [`What is the price of ${a}?`, `What is the price of ${b}?`],
      [`Who wrote about ${a}?`, `Who wrote about ${b}?`],
      [`Tell me what ${a} needs`, `Tell me what ${b} needs`],
      [`Please explain ${a}`, `Please explain ${b}`],
      // Another thing asked of it
      [`When does ${a} start?`, `When does ${a} end?`],
      [`Where is ${a}?`, `When is ${a}?`],
      [`How do I open ${a}?`, `How do I close ${a}?`],
      [`What is the highest temperature of ${a}?`, `What is the lowest temperature of ${a}?`],
      [`What are the advantages of ${a}?`, `What are the disadvantages of ${a}?`],
      // Who, and how sure
      [`Who may see ${a}?`, `Who must see ${a}?`],
      [`Should I keep ${a}?`, `Could I keep ${a}?`],
      [`Is ${a} always safe?`, `Is ${a} sometimes safe?`],
      [`Do all need ${a}?`, `Do some need ${a}?`],
      [`Was ${a} there?`, `Is ${a} there?`],
      // Direction and place
      [`What comes before ${a}?`, `What comes after ${a}?`],
      [`Is it above ${a}?`, `Is it below ${a}?`],
      [`How do I move ${a} in?`, `How do I move ${a} out?`],
      [`Does it import ${a}?`, `Does it export ${a}?`],
      [`What increases ${a}?`, `What decreases ${a}?`],
      // Amounts
      [`Is at least one of ${a} needed?`, `Is at most one of ${a} needed?`],
      [`Is more than half of ${a} gone?`, `Is less than half of ${a} gone?`],
      [`Does ${a} cost $5?`, `Does ${a} cost €5?`],
      [`Is ${a} 5 km long?`, `Is ${a} 5 miles long?`],
      [`Is ${a} bigger?`, `Is ${a} smaller?`],
      // A condition more or less
      [`What does ${a} do?`, `What does ${a} do at night?`],
      [`Can I cancel ${a}?`, `Can I cancel ${a} after a week?`],
      [`Who pays for ${a}?`, `Who pays for ${a} if it is lost?`],
      [`Is ${a} free?`, `Is ${a} free for students?`],
      [`How long does ${a} take?`, `How long does ${a} take on foot?`],
      // Small signs
      [`Is ${a} written in C?`, `Is ${a} written in C++?`],
      [`Is ${a} better than -5?`, `Is ${a} better than 5?`],
      [`Does ${a} run v1.2?`, `Does ${a} run v1.20?`],
      [`Can ${a} do it?`, `Can't ${a} do it?`],
      [`What is ${a}'s purpose?`, `What isn't ${a}'s purpose?`],
    );
  });
  return pairs;
}

/** What a guard that drops words is easily taken in by. */
const TRAPS: readonly (readonly [string, string])[] = [
  ["What is vitamin A good for?", "What is vitamin good for?"],
  ["Who pays for plan A?", "Who pays for the plan?"],
  ["Are a few seats free?", "Are few seats free?"],
  ["Is a little salt left?", "Is little salt left?"],
  ["Did a number of users complain?", "Did the number of users complain?"],
  ["Well depth in Texas?", "Depth in Texas?"],
  ["Hello Kitty's age?", "Kitty's age?"],
  ["Hey Jude, who wrote it?", "Jude, who wrote it?"],
  ["So long, and what?", "Long, and what?"],
  ["Please Please Me release date", "Me release date"],
  ["How do I say please?", "How do I say thanks?"],
  ["How do I say thank you?", "How do I say?"],
  ["Do you know Python?", "Python?"],
  ["Is x != 3?", "Is x = 3?"],
  ["What is 5!?", "What is 5?"],
  ["What is x²?", "What is x2?"],
  ["What is 10⁶?", "What is 106?"],
  ["Is a[0] empty?", "Is a 0 empty?"],
  ["What is f(x)?", "What is fx?"],
  ["Is -1 allowed?", "Is 1 allowed?"],
  ["Is .5 enough?", "Is 5 enough?"],
  ["Who said no?", "Who said?"],
  ["Who is the Who?", "Who is who?"],
];

const KINDS: readonly ((a: string, b: string, n: number) => readonly [string, string])[] = [
  // Units, amounts, dates
  (a, _, n) => [`Does ${a} weigh ${n} kg?`, `Does ${a} weigh ${n} lb?`],
  (a, _, n) => [`Is ${a} ${n} ms slower?`, `Is ${a} ${n} s slower?`],
  (a, _, n) => [`Was ${a} due on ${n} March?`, `Was ${a} due on ${n} May?`],
  (a, _, n) => [`What changed in ${a} since ${1900 + n}?`, `What changed in ${a} until ${1900 + n}?`],
  (a, _, n) => [`Is ${n}.0 the version of ${a}?`, `Is ${n}.1 the version of ${a}?`],
  // Quantifiers, comparatives, tense, modal verbs
  (a) => [`Are all copies of ${a} signed?`, `Are most copies of ${a} signed?`],
  (a) => [`Is every part of ${a} tested?`, `Is any part of ${a} tested?`],
  (a) => [`Is ${a} more expensive?`, `Is ${a} most expensive?`],
  (a) => [`Does ${a} fail?`, `Did ${a} fail?`],
  (a) => [`Will ${a} be replaced?`, `Would ${a} be replaced?`],
  (a) => [`May I copy ${a}?`, `Must I copy ${a}?`],
  // Order, entities, negation
  (a, b) => [`What happens to ${a} before ${b}?`, `What happens to ${a} after ${b}?`],
  (a, b) => [`Does ${a} depend on ${b}?`, `Does ${b} depend on ${a}?`],
  (a, b) => [`Is ${a} cheaper without ${b}?`, `Is ${a} cheaper with ${b}?`],
  (a) => [`Why doesn't ${a} work?`, `Why does ${a} work?`],
  (a) => [`Is ${a} reversible?`, `Is ${a} irreversible?`],
  (a) => [`Who approved ${a}?`, `Who didn't approve ${a}?`],
  (a) => [`Is it only ${a}?`, `Is it ${a}?`],
  (a) => [`Is ${a} inside?`, `Is ${a} outside?`],
  (a) => [`How often is ${a} read?`, `How long is ${a} read?`],
];

/** Every kind with every subject and number: courtesies on one side must not help a wrong pair through. */
function generated(): (readonly [string, string])[] {
  return SUBJECTS.flatMap((a, at) =>
    KINDS.flatMap((kind, place) =>
      [7, 12, 31].map((n) => {
        const [left, right] = kind(a, OTHERS[at] ?? "", n);
        return [place % 2 === 0 ? left : `Hi, ${left}`, n === 12 ? `Please, ${right}` : right] as const;
      }),
    ),
  );
}

describe("isSameQuestion", () => {
  it("gives no wrong answer on 500 pairs that look alike", () => {
    const pairs = nearMisses();
    expect(pairs).toHaveLength(500);
    expect(pairs.filter(([a, b]) => isSameQuestion(a, b) || isSameQuestion(b, a))).toEqual([]);
  });

  it("gives none on 600 more of other kinds, nor on what it drops words for", () => {
    const pairs = [...generated(), ...TRAPS];
    expect(pairs.length).toBeGreaterThanOrEqual(600);
    expect(pairs.filter(([a, b]) => isSameQuestion(a, b) || isSameQuestion(b, a))).toEqual([]);
  });

  it("gives none through the cache, though the model finds each pair identical", () => {
    const cache = new SemanticCache(2_000);
    const vector = Float32Array.of(1, 0);
    for (const [a, b] of [...nearMisses(), ...generated(), ...TRAPS]) {
      cache.clear();
      cache.remember(a, vector, "{}", a);
      expect([a, cache.find(b, vector, "{}")]).toEqual([a, []]);
      expect(cache.find(a, vector, "{}")).toEqual([a]);
      expect(cache.find(a, vector, '{"k":3}')).toEqual([]);
    }
  });

  it.each([
    ["What is the boundary layer?", "what's a boundary layer"],
    ["Please, could you tell me: what is the capital of France?", "What is the capital of France"],
    ["I'd like to know when the office opens", "When the office opens, please."],
    ["Hi! Why doesn’t it start?", "Why does not it start"],
    ["What's the price of a ticket?", "what is the price of the ticket"],
    ["Hello, where is the office?", "Where is the office, please?"],
    ["Hey what is a shock wave", "What is a shock wave?"],
    ["Please explain the refund policy", "Explain the refund policy, thanks!"],
    ["Can you tell me who wrote it?", "Who wrote it"],
    ["Do you know when the train leaves?", "When the train leaves?"],
    ["What is the capital of France please", "What is the capital of France?"],
    ["They can't open it; why?", "they cannot open it, why"],
    ["What does “flutter” mean?", "What does flutter mean?"],
    ["東京の冬は？", "東京の冬は?"],
  ])("knows %j and %j for one question", (a, b) => {
    expect(isSameQuestion(a, b)).toBe(true);
    expect(isSameQuestion(b, a)).toBe(true);
  });

  it("takes nothing for the same as nothing", () => {
    expect(isSameQuestion("?", "!")).toBe(false);
  });
});
