// Serves the page, and answers what is said on it.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { partner } from "./partner.js";

/** A server whose `POST /chat` takes `{messages}` and gives the next message. */
export function server(answer) {
  return createServer(async (request, response) => {
    const send = (status, type, body) => response.writeHead(status, { "content-type": type }).end(body);
    const sendJson = (status, data) => send(status, "application/json", JSON.stringify(data));
    try {
      if (request.method === "GET" && request.url === "/") {
        send(200, "text/html", await readFile(new URL("index.html", import.meta.url)));
      } else if (request.method === "GET" && request.url === "/health") {
        sendJson(200, { status: "ok" });
      } else if (request.method === "POST" && request.url === "/chat") {
        const messages = await read(request);
        if (messages) sendJson(200, await answer(messages));
        else sendJson(400, { error: "Send {messages: [{role, content}]}." });
      } else {
        sendJson(404, { error: "There is nothing here." });
      }
    } catch (error) {
      console.error(error.message);
      sendJson(502, { error: error.message });
    }
  });
}

/** The messages of a request; nothing if it holds none. */
async function read(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  try {
    const { messages } = JSON.parse(text);
    const good = ({ role, content }) => typeof role === "string" && typeof content === "string";
    return messages.length > 0 && messages.every(good) ? messages : undefined;
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 3000);
  server(partner(process.env)).listen(port, () => console.log(`Listening on port ${port}.`));
}
