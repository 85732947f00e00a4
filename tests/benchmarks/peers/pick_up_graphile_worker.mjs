// graphile-worker picking up single jobs: `run` with its defaults, which listens.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Logger, run, runMigrations } from "graphile-worker";

const [action, url, rows] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const root = createRequire(import.meta.url).resolve("graphile-worker").split("/dist/")[0];
const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
const logger = new Logger(() => () => {});

if (action === "prepare") {
  await runMigrations({ connectionString: url, logger });
} else {
  const at = {};
  let complete;
  const last = new Promise((resolve) => { complete = resolve; });
  const noop = ({ id }) => {
    at[id] = (performance.timeOrigin + performance.now()) / 1000;
    if (Object.keys(at).length >= rows) complete();
  };
  const runner = await run({ connectionString: url, logger, noHandleSignals: true, taskList: { noop } });
  await last;
  await runner.stop();
  console.log(JSON.stringify({ at, version }));
}
