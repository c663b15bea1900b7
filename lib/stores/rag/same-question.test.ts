import { describe, expect, it } from "vitest";
import { isSameQuestion } from "./same-question.ts";

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

describe("isSameQuestion", () => {
  it("gives no wrong answer on 500 pairs that look alike", () => {
    const pairs = nearMisses();
    expect(pairs).toHaveLength(500);
    expect(pairs.filter(([a, b]) => isSameQuestion(a, b) || isSameQuestion(b, a))).toEqual([]);
  });

  it.each([
    ["What is the boundary layer?", "what's a boundary layer"],
    ["Please, could you tell me: what is the capital of France?", "What is the capital of France"],
    ["I'd like to know when the office opens", "When the office opens, please."],
    ["Hi! Why doesn’t it start?", "Why does not it start"],
  ])("knows %j and %j for one question", (a, b) => {
    expect(isSameQuestion(a, b)).toBe(true);
    expect(isSameQuestion(b, a)).toBe(true);
  });

  it("takes nothing for the same as nothing", () => {
    expect(isSameQuestion("?", "!")).toBe(false);
  });
});
