"""A help desk: people sign in, ask, and get passages of the handbook. All that it keeps is in Headroom."""

import hashlib
import json
import os
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from headroom import Headroom, Problem

headroom = Headroom(os.environ["HEADROOM_URL"], os.environ["HEADROOM_API_KEY"])
QUESTIONS = "questions"


def found(call, **arguments):
    """The answer, or None where there is nothing of that id."""
    try:
        return call(**arguments)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


def vector_of(text):
    return headroom.create_embeddings(body={"input": text}).json()["data"][0]["embedding"]


def start():
    headroom.put_document(id="handbook", body={"text": "The desk opens at nine. Keys are in the blue box."})
    if not found(headroom.get_collection, name=QUESTIONS):
        dimensions = len(vector_of("How long is a vector?"))
        headroom.create_collection(name=QUESTIONS, body={"dimensions": dimensions, "metric": "cosine"})


def sign_in(user):
    session = headroom.create_session(body={"data": {"user": user}, "idleTimeoutSeconds": 3600}).json()
    return 200, {"session": session["id"]}


def answer(question):
    """From the cache, or from the documents; with the question most like it that was asked before."""
    key = "answer/" + hashlib.sha256(question.encode()).hexdigest()
    kept = found(headroom.get_cached_response, key=key, lease=0)
    if kept:
        return {**kept.json(), "cached": True}
    vector = vector_of(question)
    alike = headroom.search_collection(name=QUESTIONS, body={"vector": vector, "k": 1}).json()["matches"]
    point = {"id": key, "vector": vector, "metadata": {"question": question}}
    headroom.upsert_points(name=QUESTIONS, body={"points": [point]})
    passages = headroom.query_documents(body={"query": question, "k": 1}).json()["matches"]
    told = {
        "answer": passages[0]["text"] if passages else None,
        "alike": alike[0]["metadata"]["question"] if alike else None,
    }
    body = json.dumps(told).encode()
    headroom.put_cached_response(key=key, body=body, media_type="application/json", cache_control="max-age=600")
    return {**told, "cached": False}


def ask(session_id, question):
    session = found(headroom.get_session, id=session_id)
    if not session:
        return 401, {"error": "Sign in first."}
    told = answer(question)
    turn = [{"role": "user", "content": question}, {"role": "assistant", "content": str(told["answer"])}]
    # The key makes it one turn, though the request may have to be sent again.
    headroom.append_message(id=chat_of(session), body={"messages": turn}, idempotency_key=str(uuid.uuid4()))
    return 200, told


def history(session_id):
    session = found(headroom.get_session, id=session_id)
    if not session:
        return 401, {"error": "Sign in first."}
    messages = found(headroom.list_messages, id=chat_of(session), limit=100)
    return 200, [message["content"] for message in messages.json()["items"]] if messages else []


def chat_of(session):
    return "desk-" + session.json()["data"]["user"]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            length = min(int(self.headers.get("content-length", 0)), 65_536)
            given = json.loads(self.rfile.read(length))
            if self.path == "/sign-in":
                self.send(*sign_in(given["user"]))
            elif self.path == "/ask":
                self.send(*ask(given["session"], given["question"]))
            elif self.path == "/history":
                self.send(*history(given["session"]))
            else:
                self.send(404, {"error": "There is no such page."})
        except (KeyError, TypeError, ValueError) as error:
            self.send(400, {"error": f"{type(error).__name__}: {error}"})
        except Problem as problem:
            # A key that is no longer taken, too, is nothing that who asks could mend.
            away = problem.status in (401, 403) or problem.status >= 429
            self.send(503 if away else 400, {"error": str(problem)})

    def send(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    start()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3003"))), Handler)
    print(f"The desk is at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
