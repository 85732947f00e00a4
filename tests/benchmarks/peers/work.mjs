// What every peer in Node is told (`fill|drain URL ROWS BATCH`, then words with their values), does for a job, and answers.
import { readFileSync } from "node:fs";
import { Pool } from "undici";

export const IN_FLIGHT = 50; // posts at once; a system may have started more jobs, which then wait for their turn
const TEXT = "A text of some forty characters, and its number";

export function told() {
  const [action, url, rows, batch, ...words] = process.argv.slice(2);
  const more = Object.fromEntries(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1]]])));
  return { action, url, rows: Number(rows), batch: Number(batch), more };
}

export const payload = (number) => ({ to: `user${number}@example.org`, text: TEXT });

// Counts the jobs; told `post URL`, it first posts each and waits for the answer. `done` is called with the last one.
export function handler({ rows, more }, done = () => {}) {
  const work = { handled: 0, close: async () => {} };
  const count = () => { if (++work.handled === rows) done(); };
  if (!more.post) return Object.assign(work, { handle: count });
  const { origin, pathname: path } = new URL(more.post);
  const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });
  const headers = { "content-type": "application/json" };
  const handle = async (job) => {
    const { statusCode, body } = await pool.request({ path, method: "POST", headers, body: JSON.stringify(job) });
    await body.dump();
    if (statusCode >= 400) throw new Error(`the host answered ${statusCode}`);
    count();
  };
  return Object.assign(work, { handle, close: () => pool.close() });
}

// Starts a clock; its end is told what was handled, and says it as the last line of standard output.
export function clock(package_) {
  const [started, busy] = [performance.now(), process.cpuUsage()];
  return (handled) => {
    const [seconds, cpu] = [(performance.now() - started) / 1000, process.cpuUsage(busy)];
    const { version } = JSON.parse(readFileSync(new URL(`./node_modules/${package_}/package.json`, import.meta.url), "utf8"));
    console.log(JSON.stringify({ seconds, client_cpu_s: (cpu.user + cpu.system) / 1e6, handled, version }));
  };
}
