require("http").createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => (text += chunk)).on("end", () => {
    if (request.method === "POST") console.log(request.method, request.url, text);
    response.writeHead(request.url.includes("NO") ? 403 : 200).end();
  });
}).listen(8000);
