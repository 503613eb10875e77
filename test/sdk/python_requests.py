"""Sends what it is told to with Python requests: a JSON line in, a JSON line out.

{"how": "get" | "json" | "upload" | "chunked", "url", "headers", "body"?, "path"?} is answered with
{"status", "base64"}: one after the other, over connections that are kept.
"""

import base64
import json
import os
import sys

import requests

BOUNDARY = "between-parts-7MA4YWxkTrZu0gW"


def form_in_pieces(path):
    """A generator has no length: requests sends it chunked."""
    name = os.path.basename(path)
    yield (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="media"; '
        f'filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    ).encode()
    with open(path, "rb") as file:
        while piece := file.read(70_000):
            yield piece
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def send(session, how, url, headers, body=None, path=None):
    if how == "get":
        return session.get(url, headers=headers)
    if how == "json":
        return session.post(url, headers=headers, json=body)
    if how == "upload":
        with open(path, "rb") as file:
            return session.post(url, headers=headers, files={"media": file})
    headers["content-type"] = f"multipart/form-data; boundary={BOUNDARY}"
    return session.post(url, headers=headers, data=form_in_pieces(path))


session = requests.Session()
session.trust_env = False
for line in sys.stdin:
    answer = send(session, **json.loads(line))
    content = base64.b64encode(answer.content).decode()
    print(json.dumps({"status": answer.status_code, "base64": content}), flush=True)
