import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { roomForStores } from "./room-for-stores.ts";

it.each([
  [128, 150, "none"],
  [131, 110, "none"],
  [140, 150, "little"],
  [192, 150, "little"],
  [256, 150, "enough"],
  [1024, 150, "enough"],
])("a limit of %i MiB with %i in use leaves %s for stores", (limit, own, room) => {
  expect(roomForStores(limit * MIB, own * MIB).room).toBe(room);
});

it("says what the process needs, what is left, and the least that works", () => {
  expect(roomForStores(128 * MIB, 150 * MIB).message).toBe(
    "the memory limit is 128 MiB, and writes are refused above 122 MiB. The process itself needs 125 MiB, so no memory is left for stores. Set HEADROOM_MEMORY_LIMIT_MB to at least 132; 256 is a good start",
  );
  expect(roomForStores(192 * MIB, 150 * MIB).message).toBe(
    "the memory limit is 192 MiB, and writes are refused above 182 MiB. The process itself uses 150 MiB, so 32.4 MiB are left for stores",
  );
  expect(roomForStores(132 * MIB, 110 * MIB).room).toBe("little");
});
