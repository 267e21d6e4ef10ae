import json
import tempfile
import threading
import unittest
from http.server import ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from main import Notes, handler


class ApiTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Notes(f"{self.dir.name}/notes.db")))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.dir.cleanup()

    def call(self, path, body=None):
        url = f"http://127.0.0.1:{self.server.server_port}{path}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url, data)) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            return error.code, json.load(error)

    def test_notes_are_kept_newest_first(self):
        self.assertEqual(self.call("/notes"), (200, []))
        self.assertEqual(self.call("/notes", {"text": " tea "}), (201, {"id": 1, "text": "tea"}))
        self.call("/notes", {"text": "cake"})
        self.assertEqual([note["text"] for note in self.call("/notes")[1]], ["cake", "tea"])

    def test_a_note_needs_a_text(self):
        for body in [{}, {"text": " "}, {"text": 5}, []]:
            self.assertEqual(self.call("/notes", body)[0], 400, body)

    def test_health(self):
        self.assertEqual(self.call("/health"), (200, {"status": "ok"}))
        self.assertEqual(self.call("/nowhere")[0], 404)


if __name__ == "__main__":
    unittest.main()
