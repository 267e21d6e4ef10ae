"""Notes as JSON over HTTP."""

import json
import os
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Notes:
    """The notes, newest first."""

    def __init__(self, path):
        self.path = path
        with self._connect() as db:
            db.execute("create table if not exists notes (id integer primary key, text text not null)")

    def _connect(self):
        return sqlite3.connect(self.path)

    def all(self):
        with self._connect() as db:
            rows = db.execute("select id, text from notes order by id desc")
            return [{"id": id, "text": text} for id, text in rows]

    def add(self, text):
        text = text.strip() if isinstance(text, str) else ""
        if not text:
            raise ValueError("A note needs a text.")
        with self._connect() as db:
            id = db.execute("insert into notes (text) values (?)", [text]).lastrowid
        return {"id": id, "text": text}


def handler(notes):
    """Answers requests about these notes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/health":
                self.answer(200, {"status": "ok"})
            elif self.path == "/notes":
                self.answer(200, notes.all())
            else:
                self.answer(404, {"error": "There is nothing here."})

        def do_POST(self):
            if self.path != "/notes":
                return self.answer(404, {"error": "There is nothing here."})
            try:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
                self.answer(201, notes.add(body.get("text")))
            except (ValueError, AttributeError) as error:
                self.answer(400, {"error": str(error)})

        def answer(self, status, data):
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def reload_on_change():
    """Starts the program anew when one of its files has changed."""
    def seen():
        return {path: path.stat().st_mtime for path in Path(__file__).parent.rglob("*.py")}

    first = seen()
    while seen() == first:
        time.sleep(0.5)
    print("A file has changed: starting anew.", flush=True)
    os.execv(sys.executable, [sys.executable, *sys.argv])


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    server = ThreadingHTTPServer(("", port), handler(Notes(os.environ.get("DATABASE", "notes.db"))))
    if os.environ.get("RELOAD"):
        threading.Thread(target=reload_on_change, daemon=True).start()
    print(f"Listening on port {port}.", flush=True)
    server.serve_forever()
