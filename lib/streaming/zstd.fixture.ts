const frame = (hex: string): Buffer => Buffer.from(hex, "hex");

/** Frames as zstd's own encoder makes them, which not every Node that runs the tests has. */
export const ZSTD_FRAMES: readonly { name: string; bytes: Buffer; text: string; windowBytes: number }[] = [
  {
    name: "with its content's size and a checksum",
    bytes: frame("28b52ffd2448fd0000c07b226964223a312c2274657874223a226669727374227d0a0100b4d11c03849542b4"),
    text: '{"id":1,"text":"first"}\n'.repeat(3),
    windowBytes: 72,
  },
  {
    name: "of two blocks, with a window",
    bytes: frame("28b52ffd00384800007b226964223a327d0a4900007b226964223a337d0a"),
    text: '{"id":2}\n{"id":3}\n',
    windowBytes: 128 * 1024,
  },
  {
    name: "of a byte that is repeated",
    bytes: frame("28b52ffda0e09304005400001020200100fbff39c00202001020039f0420"),
    text: " ".repeat(300_000),
    windowBytes: 300_000,
  },
];

/** A frame that carries no data of the body. */
export const ZSTD_SKIPPABLE: Buffer = frame("502a4d18050000006865780a0a");
