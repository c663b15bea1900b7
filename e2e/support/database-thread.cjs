/** Loaded by `NODE_OPTIONS=--require` into each thread: makes the database's hang or die when a file says so. Beside it a file tells that it hangs. */
const { existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { isMainThread, workerData } = require("node:worker_threads");

const order = process.env.TEST_DATABASE_THREAD;
if (!isMainThread && order && workerData?.migrationsDir)
  setInterval(() => {
    if (!existsSync(order)) return;
    if (readFileSync(order, "utf8") === "die") {
      rmSync(order);
      throw new Error("the thread was told to die");
    }
    writeFileSync(`${order}.hangs`, "");
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (existsSync(order)) Atomics.wait(cell, 0, 0, 50);
  }, 20).unref();
