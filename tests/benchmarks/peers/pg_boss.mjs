// pg-boss: fetch and complete by the batch, which its documentation names for custom workers; work() waits 0.5 s a batch.
import { readFileSync } from "node:fs";
import { PgBoss } from "pg-boss";

const [action, url, rows, batch] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const { version } = JSON.parse(readFileSync(new URL("./node_modules/pg-boss/package.json", import.meta.url), "utf8"));
const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
boss.on("error", (error) => { console.error(error); process.exit(1); });
await boss.start();

if (action === "fill") {
  await boss.createQueue("noop");
  const text = "A text of some forty characters, and its number";
  for (let first = 0; first < rows; first += 5000) {
    const length = Math.min(5000, rows - first);
    await boss.insert("noop", Array.from({ length }, (_, n) => ({ data: { to: `user${first + n}@example.org`, text } })));
  }
} else {
  let handled = 0;
  const started = performance.now();
  for (;;) {
    const jobs = await boss.fetch("noop", { batchSize: batch });
    if (jobs.length === 0) break;
    handled += jobs.length;
    await boss.complete("noop", jobs.map((job) => job.id));
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, handled, version }));
}
await boss.stop({ graceful: false });
