// graphile-worker: the configuration of its own performance page for big batches, its other advice there for small ones.
import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { clock, handler, IN_FLIGHT, payload, told } from "./work.mjs";

const SMALL = 100; // jobs of a batch
const BIG_BATCHES = { concurrentJobs: 24, delay: 0 }; // milliseconds for which completions are gathered
const SMALL_BATCHES = { concurrentJobs: IN_FLIGHT, delay: 250 };
const SOME = 100_000; // later jobs that one statement adds
const LATER = `
  select count(*) from graphile_worker.add_jobs(array(
    select json_populate_record(null::graphile_worker.job_spec, json_build_object(
      'identifier', 'noop', 'payload', $1::json, 'run_at', now() + interval '1 year'))
    from generate_series(1, $2::int)))`;
const quiet = new Logger(() => () => {});
const order = told();

async function fill({ url, rows, more }) {
  await runMigrations({ connectionString: url, logger: quiet });
  const pgPool = new pg.Pool({ connectionString: url });
  for (let left = Number(more.later ?? 0); left > 0; left -= SOME) {
    await pgPool.query(LATER, [JSON.stringify(payload(0)), Math.min(SOME, left)]);
  } // finished ones are deleted: there are none
  const utils = await makeWorkerUtils({ pgPool, logger: quiet });
  await utils.addJobs(Array.from({ length: rows }, (_, number) => ({ identifier: "noop", payload: payload(number) })));
  await utils.release();
  await pgPool.end();
}

async function drain({ url, batch, more }) {
  const { concurrentJobs, delay } = more.post || batch <= SMALL ? SMALL_BATCHES : BIG_BATCHES;
  const pgPool = new pg.Pool({ connectionString: url, max: concurrentJobs + 1 });
  await pgPool.query("select 1");
  let finish;
  const last = new Promise((resolve) => { finish = resolve; });
  const work = handler(order, finish);
  const stop = clock("graphile-worker");
  const runner = await run({
    preset: { worker: {
      concurrentJobs, maxPoolSize: concurrentJobs + 1, localQueue: { size: batch },
      completeJobBatchDelay: delay, failJobBatchDelay: delay,
    } },
    pgPool, logger: quiet, noHandleSignals: true, taskList: { noop: work.handle },
  });
  await last;
  await runner.stop(); // writes the last completions
  stop(work.handled);
  await work.close();
  await pgPool.end();
}

await (order.action === "fill" ? fill(order) : drain(order));
