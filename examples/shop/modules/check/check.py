"""Buys something in the shop, as a customer would. Ends with 0 if all went well, else with 1."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request

API, WEB, DEADLINE = os.environ["API_URL"], os.environ["WEB_URL"], int(os.environ["DEADLINE"])


def call(url, method="GET", data=None):
    """Status and body of the answer, whatever the status."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(what, url):
    """Everything starts at once, so the first answers may be refusals."""
    give_up_at = started + DEADLINE
    while True:
        try:
            status, text = call(url)
            if status == 200:
                print(f"ok    {what} is up after {time.monotonic() - started:.1f} s")
                return
            reason = f"answered {status}: {text.strip()}"
        except OSError as error:
            reason = str(error)
        if time.monotonic() > give_up_at:
            sys.exit(f"FAIL  {what} is not up after {DEADLINE} s: {url} {reason}")
        time.sleep(0.3)


failed = 0


def check(what, passed, seen):
    global failed
    if passed:
        print(f"ok    {what}")
    else:
        failed += 1
        print(f"FAIL  {what}: got {seen}")


def products():
    return json.loads(call(f"{API}/products")[1])


signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
started = time.monotonic()
wait_for("the API", f"{API}/health")
wait_for("the page", f"{WEB}/")

goods = products()
check("there are three products", len(goods) == 3, goods)
status, page = call(f"{WEB}/")
check("the page shows all of them", all(good["name"] in page for good in goods), page)

first = goods[0]
answer = call(f"{API}/orders", "POST", {"product": first["id"], "quantity": 2})
check("an order is taken", answer[0] == 201, answer)
stock = products()[0]["stock"]
check("the stock went down by two", stock == first["stock"] - 2, stock)
answer = call(f"{API}/orders", "POST", {"product": first["id"], "quantity": 1000})
check("more than there is cannot be ordered", answer[0] == 409, answer)
answer = call(f"{API}/orders", "POST", {"product": 999, "quantity": 1})
check("what is not sold cannot be ordered", answer[0] == 404, answer)
call(f"{WEB}/orders/{first['id']}", "POST", {})
check("the page's button orders one", products()[0]["stock"] == stock - 1, products()[0])

print("the shop sells" if not failed else f"{failed} checks failed")
sys.exit(1 if failed else 0)
