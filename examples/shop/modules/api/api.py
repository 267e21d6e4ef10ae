"""Products and orders as JSON over HTTP.

GET  /health    200 once the database is there and migrated, else 503
GET  /products  [{id, name, cents, stock}]
POST /orders    {product, quantity} -> 201 {id, stock}, 404 unknown product, 409 not enough of it
"""

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

PORT = int(os.environ["PORT"])


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def query(sql, *args):
    """The rows that `sql` answers, as dictionaries, in a transaction of its own."""
    connection = psycopg2.connect("", connect_timeout=3)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, args)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()


def health(_):
    query("SELECT 1 FROM orders LIMIT 1")  # the table of the last migration
    return 200, {"status": "ok"}


def products(_):
    return 200, query("SELECT id, name, cents, stock FROM products ORDER BY id")


def order(body):
    product, quantity = body.get("product"), body.get("quantity")
    if type(product) is not int or type(quantity) is not int or quantity < 1:
        raise Refused(400, "Needs a product (its id) and a quantity (1 or more).")
    if not query("SELECT 1 FROM products WHERE id = %s", product):
        raise Refused(404, f"There is no product {product}.")
    rows = query(
        """WITH taken AS (UPDATE products SET stock = stock - %s WHERE id = %s AND stock >= %s RETURNING id, stock),
                placed AS (INSERT INTO orders (product_id, quantity) SELECT id, %s FROM taken RETURNING id)
           SELECT placed.id, taken.stock FROM placed, taken""",
        quantity, product, quantity, quantity,
    )
    if not rows:
        raise Refused(409, f"There are not {quantity} left.")
    return 201, rows[0]


ROUTES = {("GET", "/health"): health, ("GET", "/products"): products, ("POST", "/orders"): order}


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        try:
            route = ROUTES.get((self.command, self.path))
            if route is None:
                raise Refused(404, f"There is no {self.command} {self.path}.")
            status, data = route(self.body())
        except Refused as refused:
            status, data = refused.status, {"error": str(refused)}
        except psycopg2.Error as error:  # not up yet, not migrated yet, or gone for a while: callers try again
            status, data = 503, {"error": str(error).strip().splitlines()[0]}
        payload = json.dumps(data).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = answer

    def body(self):
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            data = json.loads(text or "{}")
        except ValueError:
            raise Refused(400, "The body is no JSON.") from None
        if not isinstance(data, dict):
            raise Refused(400, "The body is no JSON object.")
        return data

    def log_message(self, format, *args):
        print(format % args)


server = ThreadingHTTPServer(("", PORT), Handler)
server.daemon_threads = True
# `shutdown` waits for the loop below, so another thread has to call it.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(f"listening on port {PORT}")
server.serve_forever()
print("stopped")
