"""Predicts over HTTP."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from model import Model


def predict(model, query):
    """The answer to a query such as `area=70&rooms=3`, and its status."""
    given = parse_qs(query)
    try:
        row = [float(given[name][0]) for name in model.features]
    except (KeyError, ValueError):
        return 400, {"error": f"Give a number for each of {', '.join(model.features)}."}
    return 200, {"prediction": round(model.predict(row), 2)}


def handler(model):
    """Answers requests with this model."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            if url.path == "/health":
                status, data = 200, {"status": "ok"}
            elif url.path == "/predict":
                status, data = predict(model, url.query)
            else:
                status, data = 404, {"error": "There is nothing here: try /predict."}
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    server = ThreadingHTTPServer(("", port), handler(Model.load(os.environ["MODEL"])))
    print(f"Listening on port {port}.", flush=True)
    server.serve_forever()
