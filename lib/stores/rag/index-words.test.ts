import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexWords } from "./index-words.ts";
import { LANGUAGES, languageCode } from "./languages.ts";
import { WordsIndex } from "./testing/words-index.ts";

/** Passages with a question each, which asks in other forms of their words. */
const PASSAGES = JSON.parse(readFileSync(new URL("testing/passages.json", import.meta.url), "utf8")) as Record<
  string,
  [text: string, question: string][]
>;

async function indexOf(texts: readonly string[], tag: string | null): Promise<WordsIndex> {
  const index = new WordsIndex();
  for (const text of texts) await index.add(text, tag);
  return index;
}

/** The share of the questions whose passage comes first. */
async function firstPlaces(index: WordsIndex, questions: readonly string[]): Promise<number> {
  let first = 0;
  for (const [at, question] of questions.entries()) if ((await index.find(question))[0] === at) first++;
  return first / questions.length;
}

describe("words by language", () => {
  it.each([
    ["de", "Die Häuser am Fluss", "Haus"],
    ["de", "Eine Katze schläft", "Katzen"],
    ["es", "Las canciones del pueblo", "canción"],
    ["fr", "Les chevaux du roi", "cheval"],
    ["fr", "Des activités nouvelles", "activité"],
    ["ru", "Книга лежит на столе", "книги"],
    ["it", "Le barche nel porto", "barca"],
    ["pt", "Os gatos dormem", "gato"],
    ["nl", "Twee katten in huis", "kat"],
    ["sv", "Två hundar springer", "hunden"],
    ["fi", "Kirjat ovat hyllyssä", "kirja"],
    ["hu", "A könyvek az asztalon", "könyv"],
    ["tr", "Kitaplar masada", "kitap"],
    ["ro", "Pisicile și pisica", "pisici"],
    ["uk", "Собака біжить", "собаки"],
    ["bg", "Котка на покрива", "котки"],
    ["ar", "الكتاب على الطاولة", "كتاب"],
    ["hi", "किताबें मेज़ पर हैं", "किताब"],
    ["el", "Οι γάτες κοιμούνται", "γάτα"],
    ["de-AT", "Eine Katze schläft", "Katzen"],
    ["deu", "Eine Katze schläft", "Katzen"],
    ["pt_BR", "Os gatos dormem", "gato"],
  ])("find a text in %s (%s) by another form of its word (%s)", async (tag, text, question) => {
    expect(await (await indexOf(["other", text], tag)).find(question)).toEqual([1]);
  });

  it.each([
    ["fr", "Quel est le but ?", "Un but magnifique", "Quel est le prix ?"],
    ["es", "¿Quién tiene el as?", "Un as de corazones", "¿Quién tiene el rey?"],
    ["sv", "Vilken by är det?", "En by vid sjön", "Vilken stad är det?"],
    ["da", "Hvilken by er det?", "En by ved søen", "Hvilken skov er det?"],
  ])("ask in %s for what is a common word in English alone (%s)", async (tag, question, telling, other) => {
    expect((await (await indexOf([other, telling], tag)).find(question))[0]).toBe(1);
  });

  it("tell a word that is common in one language from the same word in another", async () => {
    const index = new WordsIndex();
    await index.add("The bees die in winter.", "en");
    for (let at = 0; at < 20; at++) await index.add(`Die Bienen fliegen im Sommer, und die Blume ${at} blüht.`, "de");
    expect(await index.find("why do they die")).toEqual([0]);
    // All of its words are common in German: the longest way round, as in English.
    expect(await index.find("die")).toEqual([0]);
    expect((await index.find("Wann fliegen die Bienen und wo?")).length).toBe(10);
    expect(await index.find("Wann fliegen die Bienen und wo?")).not.toContain(0);
  });

  it("find words of an unknown language as they stand first, then as English ones, and have no common ones", async () => {
    for (const tag of [null, "xx", "pl", "und", "not a tag"]) {
      const index = await indexOf(["running zorgs but", "run zorg and"], tag);
      expect(await index.find("running")).toEqual([0, 1]);
      expect(await index.find("run")).toEqual(expect.arrayContaining([0, 1]));
      expect(await index.find("zorgs")).toEqual([0, 1]);
      expect(await index.find("zorg but")).toEqual(expect.arrayContaining([0, 1]));
      expect(await index.find("but")).toEqual([0]);
    }
  });

  it("find German umlauts in each spelling, elided French, dotless Turkish, and texts without the accents they should have", async () => {
    const german = await indexOf(["Herr Müller wohnt in der Straße", "Frau Mueller", "Herr Maier"], "de");
    for (const asked of ["Müller", "Mueller", "Muller", "MÜLLER"])
      expect((await german.find(asked)).sort()).toEqual([0, 1]);
    expect(await german.find("Strasse")).toEqual([0]);
    const french = await indexOf(["L’homme d'aujourd'hui", "une activite sportive", "des activités"], "fr");
    expect(await french.find("hommes")).toEqual([0]);
    expect((await french.find("activité")).sort()).toEqual([1, 2]);
    expect((await french.find("activite")).sort()).toEqual([1, 2]);
    const turkish = await indexOf(["IŞIKLAR yanıyor", "İstanbul'da yaz"], "tr");
    for (const asked of ["ışık", "ışıklar", "IŞIK", "isik"]) expect(await turkish.find(asked)).toEqual([0]);
    expect(await turkish.find("istanbul")).toEqual([1]);
  });

  it("find what Porter's stems found before, whatever the language", async () => {
    const index = await indexOf(["De bibliotheek leent boormachines uit", "Ein Test mit Tests"], "nl");
    expect(await index.find("boormachine")).toEqual([0]);
    expect(await index.find("testing")).toEqual([1]);
  });

  it("find texts of earlier versions as before, among new ones", async () => {
    const index = new WordsIndex();
    index.addEarlier("Die Katzen laufen, running wings");
    await index.add("Eine Katze läuft", "de");
    expect(await index.find("wing")).toEqual([0]);
    expect((await index.find("Katzen")).sort()).toEqual([0, 1]);
  });

  it.each(Object.entries(PASSAGES))(
    "put the right passage first for questions in other forms: %s",
    async (tag, pairs) => {
      const index = await indexOf(
        pairs.map(([text]) => text),
        tag,
      );
      expect(
        await firstPlaces(
          index,
          pairs.map(([, question]) => question),
        ),
      ).toBeGreaterThanOrEqual(0.95);
    },
  );

  it("put it first in a namespace of six languages too", async () => {
    const index = new WordsIndex();
    const pairs = Object.values(PASSAGES).flat();
    for (const [tag, own] of Object.entries(PASSAGES)) for (const [text] of own) await index.add(text, tag);
    expect(
      await firstPlaces(
        index,
        pairs.map(([, question]) => question),
      ),
    ).toBeGreaterThanOrEqual(0.95);
  });

  it("cost English nothing: it is written as it stands, and asked as before", async () => {
    const texts = ["The boundary layer of a wing", "Heat transfer in the boundary layers"];
    const index = new WordsIndex();
    for (const text of texts) expect(await index.add(text)).toBe(text);
    expect(index.languages).toEqual(["en"]);
    const whole = [{ start: 0, end: texts[0]?.length ?? 0 }];
    expect(await indexWords(texts[0] ?? "", whole, "en-GB", [])).toEqual({ words: null, languages: ["en"] });
  });

  it("make one word of FTS5 of each, in every language, and never fail", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", maxLength: 100 }),
        fc.constantFrom(...LANGUAGES),
        async (text, tag) => {
          const { words } = await indexWords(text, [{ start: 0, end: text.length }], tag, []);
          expect(words === null || words.length === 1).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("the language of a text", () => {
  const languagesOf = async (text: string, held: string[] = []) =>
    (await indexWords(text, [{ start: 0, end: text.length }], null, held)).languages;

  it.each(Object.entries(PASSAGES))(
    "is detected where it is not told, and never taken for another: %s",
    async (tag, pairs) => {
      const all = pairs.map(([text]) => text);
      expect(await languagesOf(all.join(" "))).toEqual([tag]);
      for (const text of all) expect([[tag], ["und"]]).toContainEqual(await languagesOf(text));
    },
  );

  it("gives the loop back at least once for each 250 new words, and each 5,000 known ones", async () => {
    const turnsFor = async (words: readonly string[]) => {
      const text = words.join(" ");
      let turns = 0;
      let isOver = false;
      const count = () => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      setImmediate(count);
      await indexWords(text, [{ start: 0, end: text.length }], "de", []);
      isOver = true;
      return turns;
    };
    const different = Array.from({ length: 5_000 }, (_, at) => `wort${at.toString(36)}en`);
    expect(await turnsFor(different)).toBeGreaterThanOrEqual(20);
    const same = Array.from({ length: 20_000 }, (_, at) => `wort${at % 10}`);
    expect(await turnsFor(same)).toBeGreaterThanOrEqual(4);
  });

  it("is unknown for what shows none, and that of its surroundings where nothing speaks against them", async () => {
    expect(await languagesOf("Wireless headphones")).toEqual(["und"]);
    expect(await languagesOf("Wireless headphones", ["en"])).toEqual(["en"]);
    expect(await languagesOf("Wireless headphones", ["de", "en"])).toEqual(["en"]);
    expect(await languagesOf("Katzen füttern", ["en"])).toEqual(["und"]);
    expect(await languagesOf("Katzen füttern", ["de"])).toEqual(["de"]);
    expect(await languagesOf("Katzen füttern", ["de", "fr"])).toEqual(["und"]);
    expect(await languagesOf("Zażółć gęślą jaźń", ["en"])).toEqual(["und"]);
  });

  it("is each part's own in a text of several", async () => {
    const parts = [
      "The cats sleep in the house and they do not want to go out. ",
      "Die Katzen schlafen im Haus und wollen nicht hinaus. ",
      "42",
    ];
    const text = parts.join("");
    const spans = parts.map((part) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length }));
    const { words, languages } = await indexWords(text, spans, null, []);
    expect(languages).toEqual(expect.arrayContaining(["en", "de"]));
    expect(words?.map(String)[0]).toBe(parts[0]);
    expect(words?.map(String)[1]).toContain("katz");
  });

  it("is what a tag says, where the tag says one", () => {
    expect(["de", "de-CH", "DE", "deu", "de_DE", "nb", "nn-NO", "iw", "pl", "zh-Hant"].map(languageCode)).toEqual([
      "de",
      "de",
      "de",
      "de",
      "de",
      "no",
      "no",
      "und",
      "und",
      "und",
    ]);
    expect([null, "", "und", "mul", "German", "?"].map(languageCode)).toEqual([null, null, null, null, null, null]);
  });
});
