// The shop's page: shows what the API has, and orders it. No packages: Node's own HTTP server and `fetch`.
const http = require("http");

const port = Number(process.env.PORT);
const api = process.env.API_URL;

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

async function call(path, options) {
  const response = await fetch(api + path, { ...options, signal: AbortSignal.timeout(5000) });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error);
  return data;
}

const page = (body) => `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Polytope shop</title>
<style>body { font: 1.1em system-ui; max-width: 40em; margin: 3em auto } td { padding: .3em 1em .3em 0 }</style>
<h1>Polytope shop</h1>
${body}
</html>
`;

const row = ({ id, name, cents, stock }) => `<tr><td>${escape(name)}</td><td>${(cents / 100).toFixed(2)}</td>
<td>${stock} left</td><td><form method="post" action="/orders/${id}"><button>Order one</button></form></td></tr>`;

async function answer(request) {
  const order = /^\/orders\/(\d+)$/.exec(request.url);
  if (request.method === "POST" && order) {
    const body = JSON.stringify({ product: Number(order[1]), quantity: 1 });
    await call("/orders", { method: "POST", body });
    return { status: 303, headers: { Location: "/" }, body: "" };
  }
  if (request.method === "GET" && request.url === "/") {
    const products = await call("/products");
    return { status: 200, body: page(`<table>${products.map(row).join("\n")}</table>`) };
  }
  return { status: 404, body: page("<p>There is no such page.</p>") };
}

const server = http.createServer(async (request, response) => {
  let result;
  try {
    result = await answer(request);
  } catch (error) {
    // The API may still be starting or be restarting: the page says so and stays up.
    result = { status: 503, body: page(`<p>The shop is closed for a moment: ${escape(error.message)}</p>`) };
  }
  console.log(`${request.method} ${request.url} ${result.status}`);
  response.writeHead(result.status, { "Content-Type": "text/html; charset=utf-8", ...result.headers });
  response.end(result.body);
});

process.on("SIGTERM", () => {
  console.log("stopped");
  process.exit(0);
});
server.listen(port, () => console.log(`listening on port ${port}, the API is at ${api}`));
