import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { partner } from "./partner.js";
import { server } from "./server.js";

const open = [];
after(() => open.forEach((one) => one.close()));

async function listen(one) {
  open.push(one);
  await new Promise((done) => one.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${one.address().port}`;
}

async function say(url, body) {
  const response = await fetch(`${url}/chat`, { method: "POST", body: JSON.stringify(body), headers: { connection: "close" } });
  return [response.status, await response.json()];
}

const hello = { messages: [{ role: "user", content: "Hello." }] };

test("the practice partner answers without a model", async () => {
  const url = await listen(server(partner({})));
  assert.deepEqual(await say(url, hello), [200, { role: "assistant", content: "You said: Hello." }]);
  assert.equal((await say(url, { messages: [] }))[0], 400);
  assert.equal((await say(url, {}))[0], 400);
});

test("a model is asked with its name and key", async () => {
  let asked;
  const api = await listen(createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    asked = { url: request.url, key: request.headers.authorization, ...JSON.parse(text) };
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: "Hi!" } }] }));
  }));
  const url = await listen(server(partner({ LLM_BASE_URL: `${api}/v1`, LLM_MODEL: "m", LLM_API_KEY: "k" })));
  assert.deepEqual(await say(url, hello), [200, { role: "assistant", content: "Hi!" }]);
  assert.deepEqual(asked, { url: "/v1/chat/completions", key: "Bearer k", model: "m", messages: hello.messages });
});

test("a model that cannot be reached is told", async () => {
  const url = await listen(server(partner({ LLM_BASE_URL: "http://127.0.0.1:9", LLM_MODEL: "m" })));
  assert.equal((await say(url, hello))[0], 502);
});
