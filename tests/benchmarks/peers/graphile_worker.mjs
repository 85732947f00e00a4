// graphile-worker: the configuration of its own performance page (24 jobs at once, local queue, batched completion).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import pg from "pg";

const [action, url, rows, batch] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const root = createRequire(import.meta.url).resolve("graphile-worker").split("/dist/")[0];
const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
const quiet = new Logger(() => () => {});

if (action === "fill") {
  await runMigrations({ connectionString: url, logger: quiet });
  const utils = await makeWorkerUtils({ connectionString: url, logger: quiet });
  const text = "A text of some forty characters, and its number";
  const jobs = Array.from({ length: rows }, (_, n) => ({ identifier: "noop", payload: { to: `user${n}@example.org`, text } }));
  await utils.addJobs(jobs);
  await utils.release();
} else {
  const pgPool = new pg.Pool({ connectionString: url, max: 25 });
  await pgPool.query("select 1");
  let handled = 0;
  let allHandled;
  const last = new Promise((resolve) => { allHandled = resolve; });
  const started = performance.now();
  const runner = await run({
    preset: { worker: {
      concurrentJobs: 24, maxPoolSize: 25, localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0,
    } },
    pgPool, logger: quiet, noHandleSignals: true,
    taskList: { noop: () => { if (++handled === rows) allHandled(); } },
  });
  await last;
  await runner.stop(); // writes the last completions
  const seconds = (performance.now() - started) / 1000;
  await pgPool.end();
  console.log(JSON.stringify({ seconds, handled, version }));
}
