// Preloaded into a server under test (`--expose-gc --import`): on SIGUSR2 it collects and prints what the process holds.
process.on("SIGUSR2", () => {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  process.stdout.write(`\nHELD ${JSON.stringify(process.memoryUsage())}\n`);
});
