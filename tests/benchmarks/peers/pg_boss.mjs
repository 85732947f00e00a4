// pg-boss: fetch and complete by the batch, which its documentation names for workers of one's own, in loops at once.
import pg from "pg";
import { PgBoss } from "pg-boss";
import { clock, handler, payload, told } from "./work.mjs";

const SMALL = 100; // jobs of a batch
const [SMALL_LOOPS, BIG_LOOPS] = [4, 2]; // one fetches while others complete
const SOME = 5000; // jobs that one statement inserts
const YEAR = 365 * 24 * 3600; // seconds
const COLUMNS = `
  select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
  where table_schema = 'pgboss' and table_name = 'job' and is_generated = 'NEVER' and column_name <> 'id'`;
const order = told();
const boss = new PgBoss({ connectionString: order.url, supervise: false, schedule: false });
boss.on("error", (error) => { console.error(error); process.exit(1); });

async function fill({ url, rows, more }) {
  await boss.createQueue("noop");
  if (more.later) {
    await boss.send("noop", payload(0), { startAfter: YEAR });
    await crowd(url, "created", Number(more.later));
  }
  if (more.finished) {
    await boss.send("noop", payload(0));
    await loop(1, () => {});
    await crowd(url, "completed", Number(more.finished));
  }
  for (let first = 0; first < rows; first += SOME) {
    const length = Math.min(SOME, rows - first);
    await boss.insert("noop", Array.from({ length }, (_, number) => ({ data: payload(first + number) })));
  }
}

// Copies the one job in a state, which the library has made, until there are so many.
async function crowd(url, state, total) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows: [{ columns }] } = await client.query(COLUMNS);
  await client.query(
    `insert into pgboss.job (${columns}) select ${columns} from pgboss.job, generate_series(2, $1::int) where state = $2`,
    [total, state],
  );
  await client.end();
}

async function drain({ batch }) {
  const work = handler(order);
  const stop = clock("pg-boss");
  await Promise.all(Array.from({ length: batch <= SMALL ? SMALL_LOOPS : BIG_LOOPS }, () => loop(batch, work.handle)));
  stop(work.handled);
  await work.close();
}

async function loop(batchSize, handle) {
  for (;;) {
    const jobs = await boss.fetch("noop", { batchSize });
    if (jobs.length === 0) return;
    if (order.more.post) await Promise.all(jobs.map((job) => handle(job.data)));
    else for (const job of jobs) handle(job.data);
    await boss.complete("noop", jobs.map((job) => job.id));
  }
}

await boss.start();
await (order.action === "fill" ? fill(order) : drain(order));
await boss.stop({ graceful: false });
