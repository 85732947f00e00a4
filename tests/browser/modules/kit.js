// What the tests of the modules find in the page: calls that are answered when the test says so.
window.kit = {
  calls: [],
  waiting: [],
  listeners: [],
  called(count) {
    return new Promise((resolve) => {
      const look = () => kit.calls.length >= count && resolve();
      kit.listeners.push(look);
      look();
    });
  },
  answer(index, status, content, headers) {
    const body = content === null || status === 204 ? null : JSON.stringify(content);
    kit.waiting[index].resolve(new Response(body, { status, headers }));
  },
  breakOff(index) {
    kit.waiting[index].reject(new TypeError("Failed to fetch"));
  },
  settled() {
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel(); // a task, after everything that has been resolved; no timer
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
  },
};
window.fetch = (path, { method, headers, keepalive, body, signal }) =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    kit.waiting.push({ resolve, reject });
    kit.calls.push({ method, path, headers, keepalive, body: body === undefined ? null : JSON.parse(body) });
    for (const listener of kit.listeners) {
      listener();
    }
  });
