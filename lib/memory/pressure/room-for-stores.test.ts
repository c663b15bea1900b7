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
    "the memory limit is 128 MiB, writes are refused from 122 MiB on, and the process itself needs 125 MiB: nothing is left for stores. Set HEADROOM_MEMORY_LIMIT_MB to 132 at least; 256 is a good start",
  );
  expect(roomForStores(192 * MIB, 150 * MIB).message).toBe(
    "the memory limit is 192 MiB, writes are refused from 182 MiB on, the process itself holds 150 MiB: 32.4 MiB are left for stores",
  );
  expect(roomForStores(132 * MIB, 110 * MIB).room).toBe("little");
});
